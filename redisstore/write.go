package redisstore

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

// Put implements [store.Store]: by one SET, or by a script that looks at what is
// held and sets in one step.
func (s *Store) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	version := newVersion()
	value, err := envelope(&obj, version)
	if err != nil {
		return store.Version{}, false, err
	}
	life := lifeOf(&obj.Meta)
	stored := cond.Kind == store.Always
	switch {
	case stored:
		err = s.process(ctx, setCmd(ctx, s.key(key), value, life), key)
	case cond.Kind != store.IfVersion || !cond.Version.IsZero():
		kind, seen := condition(&cond)
		var answer any
		answer, err = s.script(ctx, putScript, key, value, int64(life), kind, millis(cond.Now), seen, cond.Foreign)
		stored = answer == yes
	}
	if err != nil || !stored || life == gone {
		return store.Version{}, stored && err == nil, err
	}
	return store.NumberVersion(version), true, nil
}

// Touch implements [store.Toucher] by one script, which writes over the first
// part of the header. What is gone counts as nothing.
func (s *Store) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	if meta.Absent || meta.Hash.IsZero() || cond.Kind == store.IfVersion && cond.Version.Number() == 0 {
		return false, nil
	}
	kind, seen := condition(&cond)
	fixed := store.AppendEnvelopeFixed(make([]byte, 0, store.EnvelopeFixed), &meta, newVersion())
	answer, err := s.script(ctx, touchScript, key, fixed, int64(lifeOf(&meta)), kind, millis(cond.Now), seen)
	return answer == yes, err
}

// envelope returns the value for obj, header and body.
func envelope(obj *store.Object, version uint64) ([]byte, error) {
	value, err := store.AppendEnvelope(make([]byte, 0, headerSize(&obj.Meta)+len(obj.Body)), &obj.Meta, version)
	return append(value, obj.Body...), err
}

// headerSize is about what a header takes: enough to allocate once.
func headerSize(meta *store.Meta) int {
	size := store.EnvelopeFixed + 16 + len(meta.Encoding) + len(meta.Schema)
	for _, tag := range meta.Tags {
		size += 2 + len(tag)
	}
	return size
}

// life is how long Redis keeps a key, in milliseconds from now: relative, so
// that a client with a wrong clock cannot delete what it writes.
type life int64

const (
	forever life = 0
	gone    life = -1

	// Redis adds a life to its clock, and refuses what overflows.
	longest life = 1 << 53
)

// lifeOf returns the life of an object: until GoesAt, which is kept to
// milliseconds.
func lifeOf(meta *store.Meta) life {
	until := store.Millis(meta.GoesAt())
	if until == 0 {
		return forever
	}
	if ms := life(until - time.Now().UnixMilli()); ms > 0 {
		return min(ms, longest)
	}
	return gone
}

// setCmd stores value, or removes the key where there would be nothing to keep.
func setCmd(ctx context.Context, key string, value []byte, l life) redis.Cmder {
	switch l {
	case gone:
		return redis.NewIntCmd(ctx, "unlink", key)
	case forever:
		return redis.NewStatusCmd(ctx, "set", key, value)
	default:
		return redis.NewStatusCmd(ctx, "set", key, value, "px", int64(l))
	}
}

// millis returns the instant of a Cond: the present, if it is zero.
func millis(now time.Time) int64 {
	if now.IsZero() {
		now = time.Now()
	}
	return now.UnixMilli()
}

// condition returns what a script is told of cond: the kind, and the version as
// it stands in a header, since 64 bits do not fit in the numbers of Lua. That of
// what is foreign is its beginning.
func condition(cond *store.Cond) (kind string, seen []byte) {
	if text := cond.Version.Text(); text != "" && cond.Kind == store.IfVersion {
		return "IfBeginning", []byte(text)
	}
	return cond.Kind.String(), binary.BigEndian.AppendUint64(nil, cond.Version.Number())
}
