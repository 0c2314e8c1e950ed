package fakegcs

import (
	"net/http"
	"time"
)

// mutation says when an object was last written and its metadata last changed,
// for Options.LimitMutations. It outlives the object.
type mutation struct{ written, updated time.Time }

const mutationPause = time.Second

// limit refuses what comes too soon after the last change of the same kind. The
// caller holds mu, and makes the change if there is no error.
func (s *Server) limit(bucket, name string, metadata bool) error {
	if !s.o.LimitMutations {
		return nil
	}
	at := place{bucket, name}
	m, ok := s.mutations[at]
	if !ok {
		m = new(mutation)
		s.mutations[at] = m
	}
	last := &m.written
	if metadata {
		last = &m.updated
	}
	now := time.Now()
	if !last.IsZero() && now.Sub(*last) < mutationPause {
		return errTooManyRequests.saying("The object %s/%s exceeded the rate limit for object mutation operations (create, update, and delete). "+
			"Please reduce your request rate. See https://cloud.google.com/storage/docs/gcs429.", bucket, name)
	}
	*last = now
	return nil
}

// writer is a request that writes an object.
type writer struct {
	c            *call
	bucket, name string
	cond         conditions
	mayReplace   bool
}

// newWriter reads the conditions and the rights of a write. The caller does not
// hold mu.
func (s *Server) newWriter(c *call, name string) (*writer, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	cond, err := s.conditions(c)
	if err != nil {
		return nil, err
	}
	return &writer{c, c.bucket, name, cond, s.may(c, PermObjectsDelete, c.bucket, name)}, nil
}

// judge says whether the object may be written as things are. The caller holds
// mu.
func (w *writer) judge(s *Server) error {
	b, err := s.bucket(w.bucket)
	if err != nil {
		return err
	}
	held := b.objects[w.name]
	if err := w.cond.judge(w.c, held); err != nil {
		return err
	}
	if held != nil && !w.mayReplace {
		return s.lacks(w.c, PermObjectsDelete)
	}
	return nil
}

// commit holds obj, which has its body and checksums, as a new generation. The
// caller holds mu.
func (w *writer) commit(s *Server, obj *Object) error {
	if err := w.judge(s); err != nil {
		return err
	}
	if err := s.limit(w.bucket, w.name, false); err != nil {
		return err
	}
	now := time.Now().UTC()
	obj.Generation, obj.Metageneration = s.nextGeneration(now), 1
	obj.Created, obj.Updated = now, now
	s.buckets[w.bucket].put(w.name, obj)
	return nil
}

// deleteObject removes an object.
func (s *Server) deleteObject(c *call) (*answer, error) {
	cond, err := s.conditions(c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	held, err := s.held(c)
	if err != nil {
		return nil, err
	}
	if err := cond.judge(c, held); err != nil {
		return nil, err
	}
	if err := s.limit(c.bucket, c.object, false); err != nil {
		return nil, err
	}
	s.buckets[c.bucket].remove(c.object)
	return &answer{status: http.StatusNoContent}, nil
}

// held returns the object that a request is about, and an error if there is
// none, or not of the generation that it names. The caller holds mu.
func (s *Server) held(c *call) (*Object, error) {
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	obj, ok := b.objects[c.object]
	if !ok {
		return nil, noObject(c.bucket, c.object)
	}
	if c.query.Has("generation") {
		want, err := number(c.query.Get("generation"))
		if err != nil {
			return nil, errInvalid.saying("Invalid value for parameter generation: %q", c.query.Get("generation")).about("parameter", "generation")
		}
		// Former generations are not kept.
		if *want != obj.Generation {
			return nil, noObject(c.bucket, c.object)
		}
	}
	return obj, nil
}
