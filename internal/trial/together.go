package trial

import (
	"runtime"
	"sync"
)

// Together calls f in n goroutines that begin at the same time, and waits. In
// them a check reports by Errorf alone, since Fatalf is for the goroutine of the
// test.
func (t *Trial) Together(n int, f func(n int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}

// Both calls two functions at the same time, which must not fail. From round to
// round, now one and now the other lets the scheduler go first.
func (t *Trial) Both(round int, a, b func() error) {
	t.Together(2, func(n int) {
		f, yields := a, round/3%3
		if n == 1 {
			f, yields = b, round%3
		}
		for range yields {
			runtime.Gosched()
		}
		if err := f(); err != nil {
			t.Errorf("one of two calls at the same time gave %v", err)
		}
	})
}
