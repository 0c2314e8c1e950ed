package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

// window is how much of a value is read first to see its header: all of it, unless
// it has long tags. The script of Put knows it too.
const window = 256

// Get implements [store.Store] by one GET. With want.Hash it looks at the header
// first, as Head does, and leaves the GET out unless the content is another.
func (s *Store) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	if !want.Hash.IsZero() {
		h, there, err := s.header(ctx, key)
		if err != nil || !there {
			return store.Object{}, false, err
		}
		obj := store.Object{Meta: h.meta, NotModified: true}
		switch {
		case h.whole:
			obj, ok := judge(h.data, &want)
			return obj, ok, nil
		case !want.Useful(&h.meta):
			return store.Object{}, false, nil
		case h.meta.Hash == want.Hash, h.meta.Foreign && !want.Foreign:
			obj.NotModified = !h.meta.Foreign
			return obj, true, nil
		}
	}
	cmd := redis.NewStringCmd(ctx, "get", s.key(key))
	if err := s.read(ctx, cmd); err != nil {
		return store.Object{}, false, noMiss(err)
	}
	data, _ := cmd.Bytes() // no copy
	obj, ok := judge(data, &want)
	return obj, ok, nil
}

// Head implements [store.Store] by a script that reads the beginning of the
// value: once more, if tags make the header longer than usual.
func (s *Store) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	h, there, err := s.header(ctx, key)
	return h.meta, there, err
}

// header is the beginning of a value.
type header struct {
	data  []byte
	whole bool // data is all there is
	meta  store.Meta
}

func (s *Store) header(ctx context.Context, key string) (h header, there bool, err error) {
	for ask := window; ; {
		answer, err := s.script(ctx, headScript, key, ask)
		if err != nil {
			return header{}, false, noMiss(err)
		}
		parts, _ := answer.([]any)
		if len(parts) != 2 {
			return header{}, false, fmt.Errorf("redisstore: the server answers %v to a script", answer)
		}
		text, _ := parts[0].(string)
		size, _ := parts[1].(int64)
		h.data = []byte(text)
		h.whole = int64(len(h.data)) == size
		var body []byte
		h.meta, body, err = store.ParseEnvelope(h.data)
		if short, ok := errors.AsType[*store.ShortEnvelopeError](err); ok && !h.whole {
			ask = short.Need
			continue
		}
		if err != nil {
			h.meta, body = foreign(h.data), h.data
		}
		h.meta.Size = size - int64(len(h.data)-len(body))
		return h, true, nil
	}
}

// judge makes an Object of a value, if it is what want asks for.
func judge(data []byte, want *store.Want) (obj store.Object, ok bool) {
	var err error
	obj.Meta, obj.Body, err = store.ParseEnvelope(data)
	if err != nil {
		obj.Meta, obj.Body = foreign(data), nil
		if want.Foreign {
			// The reader takes the body for a value. What is ours and damaged is none.
			obj.Body = data
			return obj, !damaged(data)
		}
		return obj, true
	}
	if !want.Useful(&obj.Meta) {
		return store.Object{}, false
	}
	obj.NotModified = !want.Hash.IsZero() && obj.Meta.Hash == want.Hash
	if obj.NotModified || obj.Meta.Absent {
		obj.Body = nil
	}
	return obj, true
}

// foreign returns the Meta of a value that is no envelope. Its Version is its
// beginning: what others write has no better one.
func foreign(data []byte) store.Meta {
	return store.Meta{
		Foreign: true,
		Size:    int64(len(data)),
		Version: store.TextVersion("=" + string(data[:min(len(data), window)])),
	}
}

// damaged reports whether what cannot be parsed looks like an envelope all the
// same, but for its checksums: as it does to the scripts.
func damaged(data []byte) bool {
	const first = store.EnvelopeFixed + 4 // the length of the rest of the header is its end
	if len(data) < first || !store.HasEnvelope(data) || data[4] != 1 {
		return false
	}
	rest := binary.BigEndian.Uint32(data[store.EnvelopeFixed:])
	return 12 <= rest && rest <= 1<<17
}

// noMiss returns err, if it is one: that a key is absent is none.
func noMiss(err error) error {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}
