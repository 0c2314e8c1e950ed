package fakegcs

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// copyObject copies an object, its metadata too unless the request has others.
// A rewrite is done in one request, however large the object is.
func (s *Server) copyObject(c *call) (*answer, error) {
	data, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if len(data) > 0 {
		if err := unmarshal(data, &fields); err != nil {
			return nil, err
		}
	}
	r, err := parseResource(data)
	if err != nil {
		return nil, err
	}
	described, err := r.object()
	if err != nil {
		return nil, err
	}
	w, err := s.newWriter(c, c.object)
	if err != nil {
		return nil, err
	}
	cond, err := s.sourceConditions(c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.source(c)
	if err != nil {
		return nil, err
	}
	if err := cond.judge(c, source); err != nil {
		return nil, err
	}
	obj := described
	if len(fields) == 0 {
		own := source.renewed()
		obj = &own
	}
	obj.Body, obj.CRC32C, obj.MD5 = source.Body, source.CRC32C, source.MD5
	if err := w.commit(s, obj); err != nil {
		return nil, err
	}
	written := obj.resource(w.bucket, w.name)
	if c.op == OpCopyObject {
		return jsonAnswer(http.StatusOK, written), nil
	}
	size := strconv.Itoa(len(obj.Body))
	return jsonAnswer(http.StatusOK, &struct {
		Kind                string    `json:"kind"`
		TotalBytesRewritten string    `json:"totalBytesRewritten"`
		ObjectSize          string    `json:"objectSize"`
		Done                bool      `json:"done"`
		Resource            *resource `json:"resource"`
	}{"storage#rewriteResponse", size, size, true, written}), nil
}

// source returns the object that is copied. The caller holds mu.
func (s *Server) source(c *call) (*Object, error) {
	b, err := s.bucket(c.source.bucket)
	if err != nil {
		return nil, err
	}
	obj, ok := b.objects[c.source.object]
	if !ok {
		return nil, noObject(c.source.bucket, c.source.object)
	}
	if v := c.query.Get("sourceGeneration"); v != "" && v != strconv.FormatInt(obj.Generation, 10) {
		return nil, noObject(c.source.bucket, c.source.object)
	}
	return obj, nil
}
