package fakegcs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/advcache/advcache/store/storetest/internal/fakehttp"
	"github.com/advcache/advcache/store/storetest/internal/faultplan"
)

// Server is a GCS server with its objects in memory. It is the transport of its
// clients, and safe for concurrent use.
type Server struct {
	o Options

	faults   *faultplan.Plan[Op, Fault]
	throttle fakehttp.Throttle

	mu         sync.Mutex // guards what follows; the effect of a request is one critical section
	buckets    map[string]*bucket
	uploads    map[string]*upload
	mutations  map[place]*mutation
	generation int64 // the last one
	ids        uint64
	counts     Counts
	waiting    int           // requests that wait for the first byte
	wire       fakehttp.Wire // counts into counts
}

// New returns a server. It panics if o makes no sense.
func New(o *Options) *Server {
	s := &Server{buckets: make(map[string]*bucket), uploads: make(map[string]*upload), mutations: make(map[place]*mutation)}
	if o != nil {
		s.o = *o
	}
	s.o.mustBeSound()
	if s.o.FaultLatency == 0 {
		s.o.FaultLatency = defaultFaultLatency
	}
	for _, name := range s.o.Buckets {
		s.buckets[name] = newBucket()
	}
	s.faults = faultplan.New("fakegcs", s.o.Seed, ops, faults, Fault.befalls)
	s.throttle.Rate = s.o.RequestRate
	n := &s.counts
	s.wire = fakehttp.Wire{Bandwidth: s.o.Bandwidth, Mu: &s.mu, In: &n.In, Out: &n.Out, ClosedEarly: &n.ClosedEarly}
	return s
}

// Client returns an HTTP client of the server: what a GCS client is made with.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s} }

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header
	body   []byte
	gunzip bool // by the transport, as that of net/http does
}

// jsonAnswer returns an answer of the JSON API.
func jsonAnswer(status int, doc any) *answer {
	return &answer{status: status, header: http.Header{contentType: {jsonType}}, body: mustJSON(doc)}
}

// RoundTrip implements [http.RoundTripper].
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() //nolint:errcheck // it was read, or is not wanted
	}
	ctx := req.Context()
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
	if c.fault == FailAfter {
		a = errBackend.answer(c)
	}
	s.bill(c.op, a.status)
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
	c.id = s.nextID()
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
	case OpGetBucket:
		return s.getBucket(c)
	case OpTestPermissions:
		return s.testPermissions(c)
	case OpListObjects:
		return s.listObjects(c)
	case OpGetObject, OpReadObject:
		return s.getObject(c)
	case OpInsertObject:
		return s.insertObject(c)
	case OpStartUpload:
		return s.startUpload(c)
	case OpUploadChunk:
		return s.uploadChunk(c)
	case OpCancelUpload:
		return s.cancelUpload(c)
	case OpPatchObject, OpUpdateObject:
		return s.changeObject(c)
	case OpRewriteObject, OpCopyObject:
		return s.copyObject(c)
	case OpDeleteObject:
		return s.deleteObject(c)
	default:
		return nil, errNotImplemented
	}
}

// respond makes the response of an answer.
func (s *Server) respond(c *call, a *answer, chance *rand.Rand) *http.Response {
	resp := s.wire.Respond(c.req, a.status, a.header, a.body, fakehttp.Damage{Harm: harms[c.fault], Chance: chance})
	h := resp.Header
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Server", "UploadServer")
	h.Set("X-Guploader-Uploadid", c.id)
	if a.gunzip {
		resp.Body = &gunzip{from: resp.Body}
		resp.ContentLength, resp.Uncompressed = -1, true
		h.Del("Content-Length")
		h.Del("Content-Encoding")
	}
	return resp
}

// bucket returns a bucket by its name. The caller holds mu.
func (s *Server) bucket(name string) (*bucket, error) {
	b, ok := s.buckets[name]
	if !ok {
		return nil, errNoBucket
	}
	return b, nil
}

// nextGeneration returns a generation that no object has or had: the time in
// microseconds, or one more than the last. The caller holds mu.
func (s *Server) nextGeneration(now time.Time) int64 {
	s.generation = max(s.generation+1, now.UnixMicro())
	return s.generation
}

// nextID returns a word that no other call returns. The caller holds mu.
func (s *Server) nextID() string {
	s.ids++
	return fmt.Sprintf("%016X", s.ids*0x9E3779B97F4A7C15) // odd: all are different
}
