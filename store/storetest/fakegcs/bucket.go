package fakegcs

import "net/http"

// getBucket answers that there is a bucket.
func (s *Server) getBucket(c *call) (*answer, error) {
	cond, err := s.conditions(c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	// A bucket has a metageneration as an object has, and no change of it is
	// implemented.
	as := Object{Metageneration: 1}
	cond.generation, cond.generationNot = nil, nil
	if err := cond.judge(c, &as); err != nil {
		return nil, err
	}
	created := b.created.UTC().Format(jsonTime)
	return jsonAnswer(http.StatusOK, map[string]any{
		"kind": "storage#bucket", "id": c.bucket, "name": c.bucket, "selfLink": endpoint + "/storage/v1/b/" + c.bucket,
		"projectNumber": "1", "metageneration": "1", "location": "US", "locationType": "multi-region", "storageClass": standard,
		"etag": as.etag(), "timeCreated": created, "updated": created,
	}), nil
}
