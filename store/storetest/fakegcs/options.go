package fakegcs

import (
	"fmt"
	"slices"
	"time"
)

// Options are the options of [New].
type Options struct {
	// Buckets exist from the start.
	Buckets []string

	// Latency is how long the first byte of an answer takes. The effect of a
	// request is in the middle of it: a request that its client leaves after
	// that has taken effect.
	Latency time.Duration

	// Bandwidth is how many bytes of a body pass in a second, of a request and
	// of an answer; each body has its own. 0: no limit.
	Bandwidth int64

	// RequestRate is how many requests of all kinds are served in a second; one
	// second's worth may come at once. What is above is answered 429
	// rateLimitExceeded. 0: no limit.
	RequestRate float64

	// LimitMutations holds clients to the limits that GCS documents: of each
	// object name one write in a second (insert, copy, delete) and one change
	// of metadata in a second (patch, update). What is above is answered 429
	// rateLimitExceeded. The service is less strict when it has time.
	LimitMutations bool

	// Authorize says whether a request has a permission; without, it is answered
	// 403 forbidden, or 401 if it is anonymous, with the permission in words.
	// Nil: all may do all. It is called by many goroutines at once, and may be
	// asked for a permission that turns out not to be needed. See [Without].
	//
	// As in GCS, permissions have to do with one another: who replaces an object
	// needs storage.objects.delete too; who patches one, storage.objects.get;
	// and who may not list a bucket is told 403, not 404, of an object that is
	// absent.
	Authorize func(Access) bool

	// Anonymous says that a request without an Authorization header is nobody's:
	// what it may not do is answered 401, not 403. Clients that are given an
	// HTTP client send no such header.
	Anonymous bool

	// Ignores are operations whose preconditions the server takes no notice of,
	// as emulators do that do not know them.
	Ignores []Op

	// Seed decides what meets a fault by [Server.Rate], and which bit turns.
	Seed uint64

	// FaultLatency is how long [Late] takes. 0: 100 ms.
	FaultLatency time.Duration
}

// Access is a permission that a request needs.
type Access struct {
	Token          string // of the Authorization header; "": none
	Permission     string // such as storage.objects.create
	Op             Op
	Bucket, Object string // Object is the prefix of ListObjects
}

// The permissions that the server knows, by the names of IAM.
const (
	PermBucketsGet    = "storage.buckets.get"
	PermObjectsGet    = "storage.objects.get"
	PermObjectsList   = "storage.objects.list"
	PermObjectsCreate = "storage.objects.create"
	PermObjectsUpdate = "storage.objects.update"
	PermObjectsDelete = "storage.objects.delete"
)

// Without returns an Authorize that refuses these permissions and no others.
func Without(permissions ...string) func(Access) bool {
	lacking := slices.Clone(permissions)
	return func(a Access) bool { return !slices.Contains(lacking, a.Permission) }
}

const defaultFaultLatency = 100 * time.Millisecond

// mustBeSound panics if o makes no sense.
func (o *Options) mustBeSound() {
	if o.Latency < 0 || o.FaultLatency < 0 {
		panic(fmt.Sprintf("fakegcs: Options.Latency is %v and FaultLatency %v; they must not be negative", o.Latency, o.FaultLatency))
	}
	if o.Bandwidth < 0 {
		panic(fmt.Sprintf("fakegcs: Options.Bandwidth is %d; it must not be negative", o.Bandwidth))
	}
	if !(o.RequestRate >= 0) {
		panic(fmt.Sprintf("fakegcs: Options.RequestRate is %v; it must not be negative", o.RequestRate))
	}
	for _, op := range o.Ignores {
		if op >= ops {
			panic(fmt.Sprintf("fakegcs: there is no %v", op))
		}
	}
	for _, name := range o.Buckets {
		if !isBucketName(name) {
			panic(fmt.Sprintf("fakegcs: %q cannot be the name of a bucket", name))
		}
	}
}
