package fakegcs

import (
	"encoding/json"
	"net/http"
	"time"
)

// changeObject changes the metadata of an object: some of it, or with
// objects.update all that can be changed.
func (s *Server) changeObject(c *call) (*answer, error) {
	cond, err := s.conditions(c)
	if err != nil {
		return nil, err
	}
	data, err := s.receive(c)
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
	obj := held.renewed()
	if c.op == OpPatchObject {
		err = obj.patch(data)
	} else {
		err = obj.update(data)
	}
	if err != nil {
		return nil, err
	}
	if err := obj.checkChange(held); err != nil {
		return nil, err
	}
	if err := s.limit(c.bucket, c.object, true); err != nil {
		return nil, err
	}
	// A change that changes nothing is one too.
	obj.Metageneration++
	obj.Updated = time.Now().UTC()
	s.buckets[c.bucket].put(c.object, &obj)
	return jsonAnswer(http.StatusOK, obj.resource(c.bucket, c.object)), nil
}

// patch changes the fields that there are: null is none, and metadata is changed
// name by name.
func (obj *Object) patch(data []byte) error {
	var given struct {
		ContentType        json.RawMessage `json:"contentType"`
		ContentEncoding    json.RawMessage `json:"contentEncoding"`
		ContentLanguage    json.RawMessage `json:"contentLanguage"`
		ContentDisposition json.RawMessage `json:"contentDisposition"`
		CacheControl       json.RawMessage `json:"cacheControl"`
		CustomTime         json.RawMessage `json:"customTime"`
		Metadata           json.RawMessage `json:"metadata"`
		unsupported
	}
	if err := unmarshal(data, &given); err != nil {
		return err
	}
	if err := given.supported(); err != nil {
		return err
	}
	for _, field := range []struct {
		raw json.RawMessage
		at  *string
	}{
		{given.ContentType, &obj.ContentType},
		{given.ContentEncoding, &obj.ContentEncoding},
		{given.ContentLanguage, &obj.ContentLanguage},
		{given.ContentDisposition, &obj.ContentDisposition},
		{given.CacheControl, &obj.CacheControl},
	} {
		if len(field.raw) == 0 {
			continue
		}
		*field.at = "" // what null is
		if err := unmarshal(field.raw, field.at); err != nil {
			return err
		}
	}
	if err := obj.patchCustomTime(given.CustomTime); err != nil {
		return err
	}
	return obj.patchMetadata(given.Metadata)
}

func (obj *Object) patchCustomTime(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	obj.CustomTime = time.Time{}
	var text string
	if err := unmarshal(raw, &text); err != nil || text == "" {
		return err
	}
	at, err := parseTime(text)
	obj.CustomTime = at
	return err
}

func (obj *Object) patchMetadata(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	if string(raw) == null {
		obj.Metadata = nil
		return nil
	}
	var values map[string]*string
	if err := unmarshal(raw, &values); err != nil {
		return err
	}
	if obj.Metadata == nil {
		obj.Metadata = make(map[string]string)
	}
	for name, value := range values {
		if value == nil {
			delete(obj.Metadata, name)
		} else {
			obj.Metadata[name] = *value
		}
	}
	return nil
}

// update replaces all fields that can be changed.
func (obj *Object) update(data []byte) error {
	r, err := parseResource(data)
	if err != nil {
		return err
	}
	given, err := r.object()
	if err != nil {
		return err
	}
	obj.ContentType, obj.ContentEncoding, obj.ContentLanguage = given.ContentType, given.ContentEncoding, given.ContentLanguage
	obj.ContentDisposition, obj.CacheControl = given.ContentDisposition, given.CacheControl
	obj.CustomTime, obj.Metadata = given.CustomTime, given.Metadata
	return nil
}

// checkChange holds what a change of metadata may not do.
func (obj *Object) checkChange(held *Object) error {
	switch {
	case obj.CustomTime.IsZero() && !held.CustomTime.IsZero():
		return errInvalid.saying("Custom time cannot be removed once it is set.")
	case obj.CustomTime.Before(held.CustomTime):
		return errInvalid.saying("Custom time cannot be set to an earlier time than the existing custom time.")
	}
	return obj.checkMetadata()
}

func unmarshal(data []byte, to any) error {
	if len(data) == 0 {
		return errRequired.saying("Required: a JSON body")
	}
	if err := json.Unmarshal(data, to); err != nil {
		return errParse.saying("Parse Error: %v", err)
	}
	return nil
}
