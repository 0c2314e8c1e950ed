package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store/objects"
)

var (
	errLong = errors.New("gcsstore: a body has more bytes than it should have")
	errSlow = fmt.Errorf("gcsstore: a read took too long: %w", context.DeadlineExceeded)

	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// maxCoded is how many bytes a body may have that the service or net/http has
// decompressed, whose size nobody tells. Only others write such objects.
const maxCoded = 256 << 20

// reader reads a body, or a part of one, and has an end.
type reader struct {
	*storage.Reader // but for Read

	store  *Store
	limit  *time.Timer
	cancel context.CancelCauseFunc
	ctx    context.Context //nolint:containedctx // of the read, which lasts as long
}

// open asks for length bytes of a body, all for -1. It is one request.
func (s *Store) open(ctx context.Context, o *storage.ObjectHandle, from, length int64) (*reader, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &reader{store: s, ctx: ctx, cancel: cancel}
	r.limit = time.AfterFunc(within(length), func() { cancel(errSlow) })
	s.meter.Count(classRead)
	var err error
	// The checksum is that of the whole body, which is compared once it is there.
	if r.Reader, err = o.NewRangeReader(ctx, from, length, storage.WithDisableReaderChecksum()); err != nil {
		err = r.why(err)
		r.limit.Stop()
		cancel(nil)
		return nil, err
	}
	if length < 0 {
		r.limit.Reset(within(r.Attrs.Size))
	}
	return r, nil
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.store.meter.Received(int64(n))
	return n, r.why(err)
}

// why returns err, with the reason if a read took too long.
func (r *reader) why(err error) error {
	if err != nil && errors.Is(context.Cause(r.ctx), errSlow) {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}

// close ends the read.
func (r *reader) close() {
	_ = r.Close() // what was read was read, and the rest is not wanted
	r.limit.Stop()
	r.cancel(nil)
}

// drop ends the read of a body that nobody wants.
func (r *reader) drop() {
	if size := r.Attrs.Size; 0 <= size && size <= drained {
		_, _ = io.CopyN(io.Discard, struct{ io.Reader }{r}, drained+1) // else the connection is lost, and that is all
	}
	r.close()
}

// body reads the body of an object, whose generation o has, into memory of its
// size; the beginning from r, if that is not nil. A large one is read in parts, at
// the same time: a service gives one connection only so much.
func (s *Store) body(ctx context.Context, o *storage.ObjectHandle, h *held, r *reader) ([]byte, error) {
	if h.coded {
		return s.codedBody(ctx, o, r)
	}
	size := h.meta.Size
	if size < 0 || int64(int(size)) != size {
		if r != nil {
			r.close()
		}
		return nil, fmt.Errorf("gcsstore: the service says that a body has %d bytes", size)
	}
	body := make([]byte, size)
	part := s.opt.PartSize
	parts := int((size + part - 1) / part)
	err := objects.Parallel(ctx, max(1, parts), s.opt.Concurrency, func(ctx context.Context, i int) error {
		from := int64(i) * part
		to := min(from+part, size)
		p := partOf{o: o, body: body[from:to], from: from, whole: parts <= 1}
		if i == 0 {
			p.r = r
		}
		return s.fill(ctx, &p)
	})
	if err != nil {
		if r != nil {
			r.close() // once more, unless nobody came to read it
		}
		return nil, err
	}
	if sum := crc32.Checksum(body, castagnoli); h.crc != 0 && sum != h.crc {
		return nil, fmt.Errorf("gcsstore: a body of %d bytes came with the CRC32C %08x; the service holds %08x", size, sum, h.crc)
	}
	return body, nil
}

// partOf is a part of a body, to be filled.
type partOf struct {
	o     *storage.ObjectHandle
	body  []byte
	from  int64
	whole bool
	r     *reader // what reads it; nil: nothing yet
}

// fill reads a part, and reads on from where it was cut.
func (s *Store) fill(ctx context.Context, p *partOf) error {
	at := 0
	return s.again(ctx, tries, func() error {
		if p.r == nil {
			length := int64(len(p.body) - at)
			if p.whole && at == 0 {
				length = -1 // of an empty body there is no range
			}
			var err error
			if p.r, err = s.open(ctx, p.o, p.from+int64(at), length); err != nil {
				return s.explain(opRead, err)
			}
		}
		r := p.r
		p.r = nil
		defer r.close()
		n, err := io.ReadFull(r, p.body[at:])
		if at += n; err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // which is tried again
			}
			return err
		}
		if p.whole {
			return atEnd(r)
		}
		return nil
	})
}

// atEnd reads the end of a body, so that the connection is free for others.
func atEnd(r io.Reader) error {
	var more [1]byte
	switch n, err := r.Read(more[:]); {
	case n > 0:
		return errLong
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// codedBody reads a body that is decompressed on its way.
func (s *Store) codedBody(ctx context.Context, o *storage.ObjectHandle, r *reader) (body []byte, err error) {
	err = s.again(ctx, tries, func() error {
		if r == nil {
			if r, err = s.open(ctx, o, 0, -1); err != nil {
				return s.explain(opRead, err)
			}
		}
		from := r
		r = nil
		defer from.close()
		body, err = io.ReadAll(io.LimitReader(from, maxCoded+1))
		if err == nil && len(body) > maxCoded {
			return errLong
		}
		return err
	})
	return body, err
}
