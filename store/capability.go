package store

import (
	"context"
	"errors"
	"fmt"
)

// The interfaces here are optional: a backend that can do more than [Store] has
// the method. Callers use the function of the same name, which asks for the
// method, and gives errors.ErrUnsupported where there is none; so does a wrapper
// that passes on what its backend can do.

// Toucher is implemented by backends that can renew the life of an object
// without its body.
type Toucher interface {
	Touch(ctx context.Context, key string, meta Meta, cond Cond) (bool, error)
}

// Touch gives what is held for key the instants of meta, if cond holds, which is
// Always or IfVersion, and it has the same content: the Hash, Schema and Tags of
// meta, and an Encoding by the same codec and key (see [Meta.SameContent]). It
// reports whether it does; false means that nothing was changed, and that the
// object must be put. What is gone may be renewed, or count as nothing. Where a
// renewal costs as much as a write, the backend may leave the life as it is, and
// report true, while [Meta.DueAt] says that it will do; else a renewal is a
// write, and gives the key a new Version. The Encoding stays that of the body.
func Touch(ctx context.Context, s Store, key string, meta Meta, cond Cond) (bool, error) {
	if t, ok := s.(Toucher); ok {
		return t.Touch(ctx, key, meta, cond)
	}
	return false, unsupported(s, "Touch")
}

// ManyGetter is implemented by backends that read many keys in fewer requests.
type ManyGetter interface {
	GetMany(ctx context.Context, keys []string, want Want) ([]*Object, error)
}

// GetMany returns what Get would, for each of the keys at its place: nil where
// it is a miss. A key may stand there more than once. With an error, keys that
// could not be read are nil too, or the slice is.
func GetMany(ctx context.Context, s Store, keys []string, want Want) ([]*Object, error) {
	if g, ok := s.(ManyGetter); ok {
		return g.GetMany(ctx, keys, want)
	}
	return nil, unsupported(s, "GetMany")
}

// ManyPutter is implemented by backends that write many keys in fewer requests.
type ManyPutter interface {
	PutMany(ctx context.Context, objs map[string]Object) error
}

// PutMany stores all objs, as Put does without a condition. With an error, some
// may be stored.
func PutMany(ctx context.Context, s Store, objs map[string]Object) error {
	if p, ok := s.(ManyPutter); ok {
		return p.PutMany(ctx, objs)
	}
	return unsupported(s, "PutMany")
}

// Clearer is implemented by backends that can find their keys by prefix.
type Clearer interface {
	Clear(ctx context.Context, prefix string) error
}

// Clear deletes all keys of s that begin with prefix, foreign objects too; all
// keys, if it is empty.
// A write that runs at the same time may come before or after it.
func Clear(ctx context.Context, s Store, prefix string) error {
	if c, ok := s.(Clearer); ok {
		return c.Clear(ctx, prefix)
	}
	return unsupported(s, "Clear")
}

func unsupported(s Store, what string) error {
	return fmt.Errorf("advcache: %s (%T) has no %s: %w", s.Info().Name, s, what, errors.ErrUnsupported)
}
