package fakes3

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/advcache/advcache/store/storetest/internal/fakehttp"
	"github.com/advcache/advcache/store/storetest/internal/faultplan"
)

// Server is an S3 server with its objects in memory. It is the transport of its
// clients, and safe for concurrent use.
type Server struct {
	o Options

	faults   *faultplan.Plan[Op, Fault]
	throttle fakehttp.Throttle

	mu      sync.Mutex // guards what follows; the effect of a request is one critical section
	buckets map[string]*bucket
	skew    time.Duration
	ids     uint64
	counts  Counts
	waiting int           // requests that wait for the first byte
	wire    fakehttp.Wire // counts into counts
}

// New returns a server. It panics if o makes no sense.
func New(o *Options) *Server {
	s := &Server{buckets: make(map[string]*bucket)}
	if o != nil {
		s.o = *o
	}
	s.o.mustBeSound()
	if s.o.MinPartSize == 0 {
		s.o.MinPartSize = defaultMinPartSize
	}
	if s.o.FaultLatency == 0 {
		s.o.FaultLatency = defaultFaultLatency
	}
	for _, name := range s.o.Buckets {
		s.buckets[name] = newBucket()
	}
	s.faults = faultplan.New("fakes3", s.o.Seed, ops, faults, Fault.befalls)
	s.throttle.Rate = s.o.RequestRate
	n := &s.counts
	s.wire = fakehttp.Wire{Bandwidth: s.o.Bandwidth, Mu: &s.mu, In: &n.In, Out: &n.Out, ClosedEarly: &n.ClosedEarly}
	return s
}

// Client returns an HTTP client of the server: what an S3 client is made with.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s} }

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip implements [http.RoundTripper].
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() //nolint:errcheck // it was read, or is not wanted
	}
	ctx := req.Context()
	if err := judgeMessage(req); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c, err := newCall(req)
	chance := s.begin(c)
	defer s.end()
	if err := fakehttp.Wait(ctx, s.o.Latency/2); err != nil {
		return nil, err
	}
	a, err := s.serve(c, err)
	if refused, ok := errors.AsType[*apiError](err); ok {
		a = refused.answer(c)
	} else if err != nil {
		return nil, err
	}
	if c.fault == LostAnswer {
		return nil, fakehttp.ConnReset()
	}
	if err := fakehttp.Wait(ctx, s.o.Latency-s.o.Latency/2); err != nil {
		return nil, err
	}
	return s.respond(c, a, chance), nil
}

// begin counts a request and decides its fault.
func (s *Server) begin(c *call) (chance *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.id, c.arrived = s.nextID(), s.now()
	c.fault, chance = s.faults.Turn(c.op)
	*s.counts.Requests.of(c.op)++
	s.waiting++
	s.counts.Peak = max(s.counts.Peak, s.waiting)
	return chance
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
}

// serve does what a request asks for. The error is an *apiError if it is to be
// answered, and one of the transport if not.
func (s *Server) serve(c *call, malformed error) (*answer, error) {
	if err := s.before(c.req.Context(), c.fault); err != nil {
		return nil, err
	}
	if malformed != nil {
		return nil, malformed
	}
	if err := s.admit(c); err != nil {
		return nil, err
	}
	switch c.op {
	case OpHeadBucket:
		return s.headBucket(c)
	case OpCreateBucket:
		return s.createBucket(c)
	case OpHeadObject, OpGetObject:
		return s.getObject(c)
	case OpPutObject:
		return s.putObject(c)
	case OpCopyObject:
		return s.copyObject(c)
	case OpDeleteObject:
		return s.deleteObject(c)
	case OpDeleteObjects:
		return s.deleteObjects(c)
	case OpListObjectsV2:
		return s.listObjects(c)
	case OpCreateMultipartUpload:
		return s.createUpload(c)
	case OpUploadPart:
		return s.uploadPart(c)
	case OpCompleteMultipartUpload:
		return s.completeUpload(c)
	case OpAbortMultipartUpload:
		return s.abortUpload(c)
	case OpListMultipartUploads:
		return s.listUploads(c)
	case OpListParts:
		return s.listParts(c)
	default:
		return nil, errNotImplemented
	}
}

// respond makes the response of an answer.
func (s *Server) respond(c *call, a *answer, chance *rand.Rand) *http.Response {
	resp := s.wire.Respond(c.req, a.status, a.header, a.body, fakehttp.Damage{Harm: harms[c.fault], Chance: chance})
	h := resp.Header
	s.mu.Lock()
	h.Set("Date", s.now().Format(http.TimeFormat))
	s.mu.Unlock()
	h.Set("Server", "AmazonS3")
	h.Set("X-Amz-Request-Id", c.id)
	h.Set("X-Amz-Id-2", c.id+c.id)
	return resp
}

// judgeMessage refuses what the transport of net/http cannot send.
func judgeMessage(req *http.Request) error {
	for name, values := range req.Header {
		for _, v := range values {
			for i := range len(v) {
				if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
					return errors.New("fakes3: invalid header field value for " + strconv.Quote(name))
				}
			}
		}
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
