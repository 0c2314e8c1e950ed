package fakegcs

import (
	"slices"
	"time"
)

// Plant holds an object as it is, without a request and without a check, so that
// a test can have what clients cannot write. What is zero is as after a write:
// the generations, the instants, the checksums. There is a bucket of that name
// from then on.
func (s *Server) Plant(bucket, name string, obj Object) {
	own := obj.clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UTC()
	if own.Generation == 0 {
		own.Generation = s.nextGeneration(now)
	}
	s.generation = max(s.generation, own.Generation)
	if own.Metageneration == 0 {
		own.Metageneration = 1
	}
	if own.Created.IsZero() {
		own.Created = now
	}
	if own.Updated.IsZero() {
		own.Updated = own.Created
	}
	if own.CRC32C == "" {
		own.CRC32C = crc32cOf(own.Body)
	}
	if own.MD5 == "" {
		own.MD5 = md5Of(own.Body)
	}
	b, ok := s.buckets[bucket]
	if !ok {
		b = newBucket()
		s.buckets[bucket] = b
	}
	b.put(name, &own)
}

// Object returns a copy of the object that is held for name.
func (s *Server) Object(bucket, name string) (obj Object, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.look(bucket, name)
	if held == nil {
		return Object{}, false
	}
	return held.clone(), true
}

// Edit gives a copy of what is held for name to change, and keeps the result as
// it is: a changed body has the old checksums and the old generation. It reports
// whether there was something. The server does nothing else until edit returns.
func (s *Server) Edit(bucket, name string, edit func(obj *Object)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.look(bucket, name)
	if held == nil {
		return false
	}
	obj := held.clone()
	edit(&obj)
	own := obj.clone()
	s.buckets[bucket].put(name, &own)
	return true
}

// Remove removes what is held for name, without a request.
func (s *Server) Remove(bucket, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.buckets[bucket]; ok {
		b.remove(name)
	}
}

// Keys returns the names of the objects in a bucket, in the order of a listing.
func (s *Server) Keys(bucket string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buckets[bucket]
	if !ok {
		return nil
	}
	return slices.Clone(b.sorted())
}

// OpenUploads returns how many resumable uploads were neither finished nor
// cancelled nor given up by the server, in all buckets.
func (s *Server) OpenUploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, u := range s.uploads {
		if u.done == nil && !u.cancelled && time.Since(u.begun) <= uploadLife {
			n++
		}
	}
	return n
}

// look returns the object for name, nil if there is none. The caller holds mu.
func (s *Server) look(bucket, name string) *Object {
	if b, ok := s.buckets[bucket]; ok {
		return b.objects[name]
	}
	return nil
}
