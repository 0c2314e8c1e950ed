package store

import "time"

// Meta is what is known of an object beside its body. Instants are kept to
// milliseconds, and never rounded up, but for those before 1970 (see [Millis]).
type Meta struct {
	CreatedAt  time.Time // when the load that made the value began
	FreshUntil time.Time // zero: never stale
	StaleUntil time.Time // zero, or before FreshUntil: not served stale
	HeldUntil  time.Time // a level's limit on its copy; zero: none
	Absent     bool      // a negative entry: the origin said that there is no value
	Tags       []string

	Hash     Hash   // of the content; zero where Absent
	Encoding string // codec, compression and key, such as "json+gzip"
	Schema   string // what the user calls the shape of the values

	// Size is that of the body in bytes, as it is stored; -1 where the backend
	// cannot tell without moving it.
	Size int64

	// Version identifies this write. The backend sets it.
	Version Version

	// Foreign marks an object that has no metadata of ours: somebody else wrote
	// it. All else but Size and Version is then zero.
	Foreign bool

	// Damaged marks an object that begins as ours do and makes no sense: it was
	// cut, or changed. All else but Size and Version is then zero, and there is
	// no Body, whatever is wanted. For conditions it is nothing, but for its
	// Version.
	Damaged bool
}

// LaterFormat is the Encoding of an object that is ours, in a format which is
// later than those that are known here: it is never gone, nobody here can read
// it, and it stays for those who can. All else but Size and Version is zero, and
// there is no Body.
const LaterFormat = "a later format"

// FreshAt reports whether the object is fresh at now. It does not look at
// HeldUntil.
func (m *Meta) FreshAt(now time.Time) bool {
	return m.FreshUntil.IsZero() || now.Before(m.FreshUntil)
}

// GoneAt reports whether the object is dead at now, or past its HeldUntil:
// nobody is served from it any more.
func (m *Meta) GoneAt(now time.Time) bool {
	gone := m.GoesAt()
	return !gone.IsZero() && !now.Before(gone)
}

// GoesAt returns the instant at which the object is gone: when a backend may
// drop it. Zero: never.
func (m *Meta) GoesAt() time.Time {
	var dies time.Time
	if !m.FreshUntil.IsZero() {
		dies = m.FreshUntil
		if m.StaleUntil.After(dies) {
			dies = m.StaleUntil
		}
	}
	if dies.IsZero() || !m.HeldUntil.IsZero() && m.HeldUntil.Before(dies) {
		return m.HeldUntil
	}
	return dies
}

// DueAt reports whether what is held needs the life of next, for the same
// content, so much that it is worth a request: when less than 75 % of the new
// life remains, when the new life is shorter, where tags or limits differ, or where
// there are tags: whether one of them was invalidated since CreatedAt is not known
// here.
func (m *Meta) DueAt(now time.Time, next *Meta) bool {
	if len(next.Tags) > 0 && !m.CreatedAt.Equal(next.CreatedAt) {
		return true
	}
	if m.Absent != next.Absent || !sameTags(m.Tags, next.Tags) || !m.HeldUntil.Equal(next.HeldUntil) {
		return true
	}
	if next.FreshUntil.IsZero() {
		return !m.FreshUntil.IsZero()
	}
	return later(m.FreshUntil, next.FreshUntil, now) || later(m.dies(), next.dies(), now)
}

// later reports whether an end must be moved: held is nearer than three
// quarters of the way to next, or beyond it.
func later(held, next, now time.Time) bool {
	if held.IsZero() || held.After(next) {
		return true
	}
	return held.Sub(now) < next.Sub(now)/4*3
}

// dies returns the end of the life of a Meta that has one.
func (m *Meta) dies() time.Time {
	if m.StaleUntil.After(m.FreshUntil) {
		return m.StaleUntil
	}
	return m.FreshUntil
}

func sameTags(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Millis returns an instant as it is stored: Unix milliseconds, rounded down,
// and 0 for the zero time. Instants before 1970 become its first millisecond.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.UnixMilli())
}

// FromMillis is the inverse of [Millis].
func FromMillis(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
