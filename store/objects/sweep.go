package objects

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/advcache/advcache/store"
)

// SweepOptions are those of a sweep. The zero value is the default.
type SweepOptions struct {
	// Prefix is what the keys begin with. Empty: all keys.
	Prefix string

	// DeadFor is for how long an object must have been dead to be deleted: what
	// was dead just now may be written again any time. 0: 24 hours.
	DeadFor time.Duration

	// Rate is how many requests a sweep makes in a second. 0: 50.
	Rate float64

	// Progress is told how far the sweep is, after each page of a listing and at
	// the end, by one goroutine at a time. Nil: nobody is.
	Progress func(SweepReport)
}

// SweepReport says what a sweep has done so far.
type SweepReport struct {
	Listed  int   // objects that the listings had
	Asked   int   // objects whose metadata took a request
	Deleted int   // objects that were dead for long enough
	Bytes   int64 // what these had
	Foreign int   // old objects that are not ours, or damaged, or of a later format: they stay
}

// String returns the report in words.
func (r SweepReport) String() string {
	return fmt.Sprintf("%d listed, %d asked for, %d deleted with %d bytes, %d foreign", r.Listed, r.Asked, r.Deleted, r.Bytes, r.Foreign)
}

const (
	defaultDeadFor = 24 * time.Hour
	defaultRate    = 50
	sweepers       = 8 // requests of a sweep at once
)

// Listed is an object as a listing has it.
type Listed struct {
	Name     string
	Size     int64
	Modified time.Time
	Meta     *store.Meta // nil where the listing does not tell
}

// Sweeper is what a sweep needs of a service. Its methods make one request each.
type Sweeper interface {
	// Pages lists all objects that a sweep looks at.
	Pages(ctx context.Context, prefix string) iter.Seq2[[]Listed, error]

	// HeadNamed returns the Meta of an object by its name.
	HeadNamed(ctx context.Context, name string) (meta store.Meta, ok bool, err error)

	// DeleteNamed deletes an object by its name, if it still has that Meta.
	DeleteNamed(ctx context.Context, name string, meta *store.Meta) (ok bool, err error)
}

// Sweep deletes what has been dead for long. It ends at the first error, and can
// be begun again at any time. It panics where options make no sense.
func Sweep(ctx context.Context, s Sweeper, o *SweepOptions) (SweepReport, error) {
	w := sweep{Sweeper: s}
	if o != nil {
		w.opt = *o
	}
	if w.opt.DeadFor == 0 {
		w.opt.DeadFor = defaultDeadFor
	}
	if w.opt.Rate == 0 {
		w.opt.Rate = defaultRate
	}
	if w.opt.DeadFor < 0 || !(w.opt.Rate > 0) {
		panic(fmt.Sprintf("objects: SweepOptions.DeadFor is %v and Rate %v; neither can be negative, use 0 for 24 hours and 50 a second", w.opt.DeadFor, w.opt.Rate))
	}
	err := w.run(ctx)
	return w.report, err
}

type sweep struct {
	Sweeper
	opt SweepOptions

	mu     sync.Mutex // guards what is below
	report SweepReport
	next   time.Time // when a request may be made
}

func (w *sweep) run(ctx context.Context) error {
	if err := w.pace(ctx); err != nil {
		return err
	}
	for page, err := range w.Pages(ctx, w.opt.Prefix) {
		if err != nil {
			return err
		}
		w.mu.Lock()
		w.report.Listed += len(page)
		w.mu.Unlock()
		// An object that was dead for so long was not written since.
		var old []Listed
		for _, obj := range page {
			if time.Since(obj.Modified) >= w.opt.DeadFor {
				old = append(old, obj)
			}
		}
		err := Parallel(ctx, len(old), sweepers, func(ctx context.Context, i int) error { return w.judge(ctx, &old[i]) })
		if w.opt.Progress != nil {
			w.opt.Progress(w.report)
		}
		if err != nil {
			return err
		}
		if err := w.pace(ctx); err != nil { // the next page
			return err
		}
	}
	return nil
}

// judge deletes an object that has been dead for long enough.
func (w *sweep) judge(ctx context.Context, obj *Listed) error {
	meta := obj.Meta
	if meta == nil {
		if err := w.pace(ctx); err != nil {
			return err
		}
		held, ok, err := w.HeadNamed(ctx, obj.Name)
		w.count(func(r *SweepReport) { r.Asked++ })
		if !ok || err != nil {
			return err
		}
		meta = &held
	}
	switch gone := meta.GoesAt(); {
	case meta.Foreign, meta.Damaged, meta.Encoding == store.LaterFormat:
		w.count(func(r *SweepReport) { r.Foreign++ })
		return nil
	case gone.IsZero() || time.Since(gone) < w.opt.DeadFor:
		return nil
	}
	if err := w.pace(ctx); err != nil {
		return err
	}
	ok, err := w.DeleteNamed(ctx, obj.Name, meta)
	if ok {
		w.count(func(r *SweepReport) {
			r.Deleted++
			r.Bytes += obj.Size
		})
	}
	return err
}

func (w *sweep) count(add func(*SweepReport)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	add(&w.report)
}

// pace waits until the next request may be made.
func (w *sweep) pace(ctx context.Context) error {
	w.mu.Lock()
	now := time.Now()
	if w.next.Before(now) {
		w.next = now
	}
	wait := w.next.Sub(now)
	w.next = w.next.Add(time.Duration(float64(time.Second) / w.opt.Rate))
	w.mu.Unlock()
	return Pause(ctx, wait)
}
