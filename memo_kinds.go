package advcache

import (
	"context"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// granter is the memo of a wrapped function, whatever it tells keys apart by.
type granter[K comparable, V any] interface {
	grant(k K, node *live.Node[V], limit int64)
}

// remember gives f a memo that suits K, and the function that serves its hits.
func remember[K comparable, V any](f *Func[K, V]) {
	h := newKeyHasher[K]()
	itself := func(k K) K { return k }
	switch {
	case f.engine.copy != nil: // to copy the value takes longer than all the rest
		m := newMemo(f, itself, h.hash)
		f.memo, f.hit = m, m.get
	case h.kind == hashWhole:
		m := newMemo(f, func(k K) uint64 { return *(*uint64)(unsafe.Pointer(&k)) }, hashWord)
		f.memo, f.hit = m, hitWhole(m)
	case h.kind == hashString:
		m := newMemo(f, func(k K) shortText { return shortTextOf(textOf(k)) }, func(t shortText) hash { return t.hash(h.salt) })
		long := newMemo(f, itself, h.hash)
		hitLong := hitAny(long, &h)
		f.memo = texts[K, V]{m, long}
		f.hit = hitText(m, h.salt, func(ctx context.Context, k K) (V, error) {
			if len(textOf(k)) > shortTextMax {
				return hitLong(ctx, k)
			}
			return m.get(ctx, k)
		})
	default:
		m := newMemo(f, itself, h.hash)
		f.memo, f.hit = m, hitAny(m, &h)
	}
}

// texts are the memos of a function whose K is a string: of the short ones, and
// of those that must be compared as a whole.
type texts[K comparable, V any] struct {
	short *memo[K, shortText, V]
	long  *memo[K, K, V]
}

func (t texts[K, V]) grant(k K, node *live.Node[V], limit int64) {
	if len(textOf(k)) > shortTextMax {
		t.long.grant(k, node, limit)
	} else {
		t.short.grant(k, node, limit)
	}
}

// textOf returns k, which is a string.
func textOf[K comparable](k K) string { return *(*string)(unsafe.Pointer(&k)) }
