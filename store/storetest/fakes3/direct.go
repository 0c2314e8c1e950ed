package fakes3

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Plant holds an object as it is, without a request and without a check, so that
// a test can have what clients cannot write. What is zero is as after a write: the
// ETag, the instant, the content type; but there is no checksum. There is a
// bucket of that name from then on.
func (s *Server) Plant(bucket, key string, obj Object) {
	own := obj.clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	if own.ETag == "" {
		own.setETag(s.nextID())
	}
	if own.LastModified.IsZero() {
		own.LastModified = s.now().Truncate(time.Second)
	}
	if own.Encryption == "" {
		own.Encryption = encryptionS3
	}
	if own.Header == nil {
		own.Header = http.Header{"Content-Type": {defaultType}}
	}
	b, ok := s.buckets[bucket]
	if !ok {
		b = newBucket()
		s.buckets[bucket] = b
	}
	b.put(key, &own)
}

// Object returns a copy of the object that is held for key.
func (s *Server) Object(bucket, key string) (obj Object, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.held(bucket, key)
	if held == nil {
		return Object{}, false
	}
	return held.clone(), true
}

// Edit gives a copy of what is held for key to change, and keeps the result as
// it is: a changed body has the old ETag and the old checksum. It reports whether
// there was something. The server does nothing else until edit returns.
func (s *Server) Edit(bucket, key string, edit func(obj *Object)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.held(bucket, key)
	if held == nil {
		return false
	}
	obj := held.clone()
	edit(&obj)
	own := obj.clone()
	s.buckets[bucket].put(key, &own)
	return true
}

// Remove removes what is held for key, without a request.
func (s *Server) Remove(bucket, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.buckets[bucket]; ok {
		b.remove(key)
	}
}

// Keys returns the keys of the objects in a bucket, in the order of a listing.
func (s *Server) Keys(bucket string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buckets[bucket]
	if !ok {
		return nil
	}
	return slices.Clone(b.sorted())
}

// OpenUploads returns how many multipart uploads were neither completed nor
// aborted, in all buckets: their parts are paid for until they are.
func (s *Server) OpenUploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, b := range s.buckets {
		n += len(b.uploads)
	}
	return n
}

// SetClockSkew sets the clock of the server ahead of time.Now. Requests that are
// dated more than 15 minutes away from it are answered 403 RequestTimeTooSkewed.
func (s *Server) SetClockSkew(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = ahead
}

// held returns the object for key, nil if there is none. The caller holds mu.
func (s *Server) held(bucket, key string) *Object {
	if b, ok := s.buckets[bucket]; ok {
		return b.objects[key]
	}
	return nil
}

// now returns what the clock of the server says. The caller holds mu.
func (s *Server) now() time.Time { return time.Now().Add(s.skew).UTC() }

// nextID returns a word that no other call returns. The caller holds mu.
func (s *Server) nextID() string {
	s.ids++
	return fmt.Sprintf("%016X", s.ids*0x9E3779B97F4A7C15) // odd: all are different
}
