package fakes3

import "net/http"

// region is what the server says its own is; it is asked in any.
const region = "us-east-1"

// CreateBucket makes a bucket, without a request, if there is none of that name.
func (s *Server) CreateBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buckets[name]; !ok {
		s.buckets[name] = newBucket()
	}
}

func (s *Server) headBucket(c *call) (*answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bucket(c.bucket); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusOK, header: http.Header{"X-Amz-Bucket-Region": {region}}}, nil
}

func (s *Server) createBucket(c *call) (*answer, error) {
	// The region that may stand in the body is as good as any.
	if _, err := s.receive(c); err != nil {
		return nil, err
	}
	if !isBucketName(c.bucket) {
		return nil, errInvalidBucket.with("BucketName", c.bucket)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buckets[c.bucket]; ok {
		return nil, errBucketExists.with("BucketName", c.bucket)
	}
	s.buckets[c.bucket] = newBucket()
	return &answer{status: http.StatusOK, header: http.Header{"Location": {"/" + c.bucket}}}, nil
}

// bucket returns the bucket of that name. The caller holds mu.
func (s *Server) bucket(name string) (*bucket, error) {
	b, ok := s.buckets[name]
	if !ok {
		return nil, errNoSuchBucket.with("BucketName", name)
	}
	return b, nil
}
