package inmem

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/live"
)

const (
	saveMagic   = "advcache/inmem/1\n"
	savePerPart = 256     // entries of one part
	saveMaxPart = 1 << 30 // bytes of one part; more is corrupt
)

// ErrCorrupt is returned by LoadFrom for what SaveTo has not written, or not
// written to its end.
var ErrCorrupt = errors.New("inmem: not what SaveTo has written, or only a part of it")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// saved is one entry of a part, which is a gob of saved, with its length and
// CRC-32C before it. A part of length 0 is the end.
type saved[V any] struct {
	Key                         string
	Value                       V
	Created, Fresh, Stale, Held time.Time
	Absent                      bool
	Tags                        []string
}

// SaveTo writes all entries that are not dead, for LoadFrom after a restart,
// and returns how many there were. It can run while the cache is used; entries
// that change meanwhile may or may not be written. Values are written by
// encoding/gob and its rules: unexported fields and functions are lost, pointers
// to zero values within a value come back nil, and so do empty slices. A type
// that gob refuses is an error. With an error, LoadFrom refuses the end of what
// was written, and n counts what comes before.
func (c *Cache[V]) SaveTo(w io.Writer) (n int, err error) {
	// Within a struct, gob leaves out without a word what it cannot write.
	if err := gob.NewEncoder(io.Discard).Encode([]V{}); err != nil {
		return 0, fmt.Errorf("inmem: save: %w", err)
	}
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(saveMagic); err != nil {
		return 0, fmt.Errorf("inmem: save: %w", err)
	}
	part := make([]saved[V], 0, savePerPart)
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		defer func() { part = part[:0] }()
		var body bytes.Buffer
		if err := gob.NewEncoder(&body).Encode(part); err != nil {
			return err
		}
		n += len(part)
		return writePart(out, body.Bytes())
	}
	for key, e := range c.All() {
		part = append(part, saved[V]{key, e.Value, e.CreatedAt, e.FreshUntil, e.StaleUntil, e.HeldUntil, e.Absent, e.Tags})
		if len(part) == savePerPart {
			if err := flush(); err != nil {
				return n, fmt.Errorf("inmem: save: %w", err)
			}
		}
	}
	if err := flush(); err != nil { // no end mark: what is written is not all
		return n, fmt.Errorf("inmem: save: %w", errors.Join(err, out.Flush()))
	}
	if err := errors.Join(writePart(out, nil), out.Flush()); err != nil {
		return n, fmt.Errorf("inmem: save: %w", err)
	}
	return n, nil
}

func writePart(w io.Writer, body []byte) error {
	var head [8]byte
	binary.BigEndian.PutUint32(head[:4], uint32(len(body)))
	binary.BigEndian.PutUint32(head[4:], crc32.Checksum(body, castagnoli))
	if len(body) > saveMaxPart {
		return fmt.Errorf("%d entries take more than %d bytes", savePerPart, saveMaxPart)
	}
	_, err := w.Write(append(head[:], body...))
	return err
}

// LoadFrom reads what SaveTo has written, and returns how many entries it took
// in. They keep their lives: what has died meanwhile is left out. What the cache
// holds already is newer, and stays. Where the data end early or are corrupt,
// the error wraps ErrCorrupt, and the entries before that are taken in.
func (c *Cache[V]) LoadFrom(r io.Reader) (n int, err error) {
	in := bufio.NewReader(r)
	magic := make([]byte, len(saveMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != saveMagic {
		return 0, fmt.Errorf("%w: no header", ErrCorrupt)
	}
	for {
		body, err := readPart(in)
		if err != nil || len(body) == 0 {
			return n, err
		}
		var part []saved[V]
		if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&part); err != nil {
			return n, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		for _, s := range part {
			e := advcache.Entry[V]{
				Value: s.Value, CreatedAt: s.Created, FreshUntil: s.Fresh, StaleUntil: s.Stale,
				HeldUntil: s.Held, Absent: s.Absent, Tags: s.Tags,
			}
			stored, err := c.takeIn(s.Key, e)
			if err != nil {
				return n, err
			}
			if stored {
				n++
			}
		}
	}
}

func readPart(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("%w: it ends early: %w", ErrCorrupt, err)
	}
	size := int64(binary.BigEndian.Uint32(head[:4]))
	if size > saveMaxPart {
		return nil, fmt.Errorf("%w: a part of %d bytes", ErrCorrupt, size)
	}
	var body bytes.Buffer // grows with what is there, not with what is claimed
	if _, err := io.CopyN(&body, r, size); err != nil {
		return nil, fmt.Errorf("%w: it ends early: %w", ErrCorrupt, err)
	}
	if crc32.Checksum(body.Bytes(), castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, fmt.Errorf("%w: wrong checksum", ErrCorrupt)
	}
	return body.Bytes(), nil
}

// takeIn stores an entry of an earlier process, where nothing is held.
func (c *Cache[V]) takeIn(key string, e advcache.Entry[V]) (bool, error) {
	n := nodeOf(e)
	if n.Life().GoneAt(time.Now().UnixNano()) {
		return false, nil
	}
	return c.write(key, n, new(live.Pending), func(held *live.Node[V], _ live.Life) bool { return held == nil })
}
