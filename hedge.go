package advcache

import (
	"context"
	"time"
)

// hedged asks the level, and once more if there is no answer in time; the first
// answer is taken, and the other request is called off.
func (t *tier[V]) hedged(ctx context.Context, key string, had *copied[V]) (Entry[V], bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan Lookup[V], 2)
	ask := func() {
		l := Lookup[V]{Err: &PanicError{Value: ErrGoexit}} // unless the level returns
		defer func() { answers <- l }()
		if err := guard(func() error {
			l.Entry, l.OK, l.Err = t.ask(ctx, key, had)
			return nil
		}); err != nil {
			l = Lookup[V]{Err: err}
		}
	}
	go ask()
	timer := time.NewTimer(t.opt.Hedge)
	defer timer.Stop()
	for waiting := 1; ; {
		select {
		case l := <-answers:
			if waiting--; l.Err == nil || waiting == 0 {
				return l.Entry, l.OK, l.Err
			}
		case <-timer.C:
			waiting++
			go ask()
		}
	}
}
