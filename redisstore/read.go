package redisstore

import (
	"context"
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
		if h.whole {
			obj, ok := judge(h.data, &want)
			return obj, ok, nil
		}
		if !want.Useful(&h.meta) {
			return store.Object{}, false, nil
		}
		if obj, body := want.Answer(&h.meta); !body {
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
			h.meta.Version, body = beginning(h.data), h.data
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
		obj.Meta.Size, obj.Meta.Version = int64(len(data)), beginning(data)
		if obj.Meta.Foreign && want.Foreign {
			obj.Body = data
		}
		return obj, true
	}
	if !want.Useful(&obj.Meta) {
		return store.Object{}, false
	}
	answer, body := want.Answer(&obj.Meta)
	if body {
		answer.Body = obj.Body
	}
	return answer, true
}

// beginning is the Version of a value that has no header which can be read: what
// others write, and what is damaged, has no better one.
func beginning(data []byte) store.Version {
	return store.TextVersion("=" + string(data[:min(len(data), window)]))
}

// noMiss returns err, if it is one: that a key is absent is none.
func noMiss(err error) error {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}
