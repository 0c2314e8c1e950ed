package codec

import "time"

// inBubble reports whether the caller may run in a bubble of testing/synctest. A
// coder of zstd holds a channel, and a channel made in one bubble must not be
// touched from another one, on pain of a fatal error: so in bubbles coders are
// not used again. There is no way to ask, but in a bubble the time begins with
// the year 2000; a machine whose clock is that wrong just does without the pool.
func inBubble() bool { return time.Now().Year() < 2020 }
