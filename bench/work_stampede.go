package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	stampedeCallers = 1000
	loadTime        = 20 * time.Millisecond
	leaderStays     = 5 * time.Millisecond
)

// herd are the contenders that share loads.
func herd() []contender[int] {
	return []contender[int]{
		cached[int], otterCoarse[int], theineLoading[int], sturdyCache[int], ttlCache[int], redisCache[int],
	}
}

// slowOrigin takes its time and counts its calls.
type slowOrigin struct {
	loads atomic.Int64
	began chan struct{} // told of each load that begins; nobody need listen
}

func (o *slowOrigin) load(ctx context.Context, k int) (*User, error) {
	o.loads.Add(1)
	select {
	case o.began <- struct{}{}:
	default:
	}
	timer := time.NewTimer(loadTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return &User{ID: int64(k)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// crowd is what happened to the callers of one key.
type crowd struct {
	latencies []float64 // milliseconds, of those who were served
	loads     float64
}

// stampedeWork is 1,000 callers of one cold key.
func stampedeWork(r *runner) {
	const name = "stampede, 1,000 callers, one cold key, 20 ms load"
	subjects, origins := slowHerd(r)
	runs := r.runs()
	crowds := make([][]crowd, len(subjects))
	for run := range runs {
		for turn := range subjects {
			i := (run + turn) % len(subjects)
			origins[i].loads.Store(0)
			var c crowd
			r.take(1, func() { c.latencies = stampede(subjects[i], 1_000_000+run) })
			c.loads = float64(origins[i].loads.Load())
			crowds[i] = append(crowds[i], c)
		}
	}
	rows := make([]row, len(subjects))
	for i, s := range subjects {
		rows[i] = row{Work: name, Procs: r.procs, Callers: stampedeCallers, Contender: s.name, Metrics: []metric{
			{Name: "loads", Value: most(crowds[i], loads)},
			{Name: "served", Value: least(crowds[i], served)},
			{Name: "p50 ms", Value: median(each(crowds[i], p50))},
			spreadOf("p99 ms", each(crowds[i], p99)),
		}}
		if i == 0 {
			rows[0].Goals = []verdict{exactly("loads", 1, rows[0].Metrics[0].Value)}
			continue
		}
		ratios := spreadOf("p99: advcache ÷ this", pairwise(each(crowds[0], p99), each(crowds[i], p99), ratio))
		rows[i].Metrics = append(rows[i].Metrics, ratios)
		if s.name == nameOtter {
			rows[i].Goals = []verdict{atMost("p99: advcache ÷ this", 1.10, ratios.Value)}
		}
	}
	closeAll(subjects)
	r.add(nil, rows)
}

// stampede lets all callers ask for k at once.
func stampede(s *subject[int], k int) []float64 {
	var (
		group sync.WaitGroup
		gate  = make(chan struct{})
		took  = make([]float64, stampedeCallers)
	)
	for caller := range stampedeCallers {
		group.Go(func() {
			<-gate
			begin := time.Now()
			u, err := s.get(context.Background(), k)
			check(u, err)
			took[caller] = milliseconds(time.Since(begin))
		})
	}
	close(gate)
	group.Wait()
	return took
}

// leaderWork is the same, but the caller that began the load leaves after 5 ms.
func leaderWork(r *runner) {
	const name = "the leader leaves, 999 follow"
	subjects, origins := slowHerd(r)
	runs := max(3, r.runs()/4)
	crowds := make([][]crowd, len(subjects))
	for run := range runs {
		for i, s := range subjects {
			origins[i].loads.Store(0)
			latencies := abandon(s, origins[i], 2_000_000+run)
			crowds[i] = append(crowds[i], crowd{latencies, float64(origins[i].loads.Load())})
		}
	}
	rows := make([]row, len(subjects))
	for i, s := range subjects {
		started, answered := most(crowds[i], loads), least(crowds[i], served)
		rows[i] = row{Work: name, Procs: r.procs, Callers: stampedeCallers, Contender: s.name, Metrics: []metric{
			{Name: "loads", Value: started},
			{Name: "followers served", Value: answered},
		}}
		if answered > 0 {
			rows[i].Metrics = append(rows[i].Metrics, spreadOf("their p99 ms", each(crowds[i], p99)))
		}
		if i == 0 {
			rows[0].Goals = []verdict{exactly("loads", 1, started), exactly("followers served", stampedeCallers-1, answered)}
		}
	}
	closeAll(subjects)
	r.add(nil, rows)
}

// abandon starts a leader, lets the others follow once its load runs, and
// cancels it. It returns the latencies of the followers that were served.
func abandon(s *subject[int], origin *slowOrigin, k int) []float64 {
	var (
		group   sync.WaitGroup
		asking  sync.WaitGroup
		mu      sync.Mutex
		latency []float64
	)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began := time.Now()
	group.Go(func() { _, _ = s.get(ctx, k) })
	<-origin.began
	asking.Add(stampedeCallers - 1)
	for range stampedeCallers - 1 {
		group.Go(func() {
			begin := time.Now()
			asking.Done()
			u, err := s.get(context.Background(), k)
			if err != nil || u == nil || u.ID != int64(k) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			latency = append(latency, milliseconds(time.Since(begin)))
		})
	}
	asking.Wait()
	<-time.After(leaderStays - time.Since(began))
	cancel()
	group.Wait()
	select { // a second load may have left its word
	case <-origin.began:
	default:
	}
	return latency
}

func slowHerd(r *runner) ([]*subject[int], []*slowOrigin) {
	contenders := herd()
	subjects := make([]*subject[int], len(contenders))
	origins := make([]*slowOrigin, len(contenders))
	for i, contender := range contenders {
		origins[i] = &slowOrigin{began: make(chan struct{}, 1)}
		subjects[i] = contender(setup[int]{kind: intKeys, capacity: 10_000, load: origins[i].load, clock: r.clock})
	}
	return subjects, origins
}

func closeAll[K comparable](subjects []*subject[K]) {
	for _, s := range subjects {
		s.close()
	}
}

func each(crowds []crowd, of func(crowd) float64) []float64 {
	values := make([]float64, len(crowds))
	for i, c := range crowds {
		values[i] = of(c)
	}
	return values
}

// A run that went worse than the others is what counts.
func most(crowds []crowd, of func(crowd) float64) float64  { return quantile(each(crowds, of), 1) }
func least(crowds []crowd, of func(crowd) float64) float64 { return quantile(each(crowds, of), 0) }

func loads(c crowd) float64  { return c.loads }
func served(c crowd) float64 { return float64(len(c.latencies)) }
func p50(c crowd) float64    { return quantile(c.latencies, 0.50) }
func p99(c crowd) float64    { return quantile(c.latencies, 0.99) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
