package advcache

import "context"

// Previous returns what the cache held for the key when the load began: for a
// loader that can ask its origin whether that still holds, and then answer
// [ErrUnchanged], which renews the entry. It is found in the loader's context;
// ok is false where the cache held nothing, V is not the type of the cached
// values, or many keys are loaded at once. An entry is held until it is dead, so
// [TTLOptions.Stale] or StaleIfError decide how long an old one can be found.
func Previous[V any](ctx context.Context) (entry Entry[V], ok bool) {
	e, ok := ctx.Value(previousKey{}).(*Entry[V])
	if !ok || e == nil {
		return entry, false
	}
	return *e, true
}

type previousKey struct{}

// withPrevious returns the loader's context. Where there is no entry, it hides
// that of a load further out.
func (j *job[V]) withPrevious(ctx context.Context) (context.Context, error) {
	if !j.answer.ok {
		return hidePrevious(ctx), nil
	}
	entry := j.answer.entry
	var err error
	if entry.Value, err = j.engine.own(entry.Value); err != nil {
		return nil, err
	}
	return context.WithValue(ctx, previousKey{}, &entry), nil
}

// hidePrevious returns the context of a loader for which there is no entry.
func hidePrevious(ctx context.Context) context.Context {
	if ctx.Value(previousKey{}) == nil {
		return ctx
	}
	return context.WithValue(ctx, previousKey{}, nil)
}
