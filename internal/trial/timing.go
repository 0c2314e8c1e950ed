package trial

import (
	"fmt"
	"time"
)

// Timing is how time passes for what a suite checks.
type Timing struct {
	Advance    func(d time.Duration) // moves time by d; nil: time.Sleep
	Resolution time.Duration         // how late the end of a life may come
	Unit       time.Duration         // the shortest life that is used; 0: 200 ms
}

// Bounds of Timing.
const (
	DefaultUnit = 200 * time.Millisecond
	MinUnit     = 10 * time.Millisecond
	MaxUnit     = time.Hour

	maxResolution = 100 * time.Millisecond
)

// Complete returns t with its defaults filled in. It panics where t makes no
// sense, in the words of a suite whose Harness it comes from.
func (t Timing) Complete(suite string) Timing {
	if t.Advance == nil {
		t.Advance = time.Sleep
	}
	if t.Unit == 0 {
		t.Unit = DefaultUnit
	}
	if t.Unit < MinUnit || t.Unit > MaxUnit {
		panic(fmt.Sprintf("%s: Harness.Unit is %v; it must be between %v and %v", suite, t.Unit, MinUnit, MaxUnit))
	}
	if most := min(maxResolution, t.Unit/4); t.Resolution < 0 || t.Resolution > most {
		panic(fmt.Sprintf("%s: Harness.Resolution is %v; it must be between 0 and %v, a quarter of Unit and no more than %v",
			suite, t.Resolution, most, maxResolution))
	}
	return t
}

// Until says that answers can be expected until end. Zero: for ever.
func (t *Trial) Until(end time.Time) {
	t.deadline = end
	if !end.IsZero() {
		// 1 ms where instants are cut to milliseconds.
		t.deadline = end.Add(-t.timing.Resolution - time.Millisecond)
	}
}

// ShortlyBefore moves time to where the life that ends at end is almost over.
func (t *Trial) ShortlyBefore(end time.Time, what string) {
	t.Wait(end.Add(-t.Margin))
	t.Until(end)
	t.Moment = "shortly before " + what
}

// At moves time to end, where a part of a life is over, and the next one, if any,
// lasts until next.
func (t *Trial) At(end, next time.Time, what string) {
	t.Wait(end.Add(t.timing.Resolution))
	t.Until(next)
	t.Moment = "at " + what
}

// Wait lets time pass until now is not before end.
func (t *Trial) Wait(end time.Time) {
	for d := time.Until(end); d > 0; {
		t.timing.Advance(d)
		left := time.Until(end)
		if left >= d {
			t.HarnessFatalf("after Advance(d), now is at least d later: Advance(%v) moved time by nothing", d)
		}
		d = left
	}
}
