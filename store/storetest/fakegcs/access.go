package fakegcs

import (
	"net/http"
	"strings"
)

// needs are the permissions that an operation needs in any case.
var needs = [ops][]string{
	OpGetBucket:     {PermBucketsGet},
	OpListObjects:   {PermObjectsList},
	OpGetObject:     {PermObjectsGet},
	OpReadObject:    {PermObjectsGet},
	OpInsertObject:  {PermObjectsCreate},
	OpStartUpload:   {PermObjectsCreate},
	OpPatchObject:   {PermObjectsGet, PermObjectsUpdate},
	OpUpdateObject:  {PermObjectsGet, PermObjectsUpdate},
	OpRewriteObject: {PermObjectsCreate}, // and PermObjectsGet of the source
	OpCopyObject:    {PermObjectsCreate},
	OpDeleteObject:  {PermObjectsDelete},
}

// admit refuses a request by its rights, and by the rate of all.
func (s *Server) admit(c *call) error {
	if !s.throttle.Take() {
		return errTooManyRequests
	}
	object := c.object
	if c.op == OpListObjects {
		object = c.query.Get("prefix")
	}
	for _, permission := range needs[c.op] {
		if !s.may(c, permission, c.bucket, object) {
			return s.lacks(c, permission)
		}
	}
	if c.source != nil && !s.may(c, PermObjectsGet, c.source.bucket, c.source.object) {
		return s.lacks(c, PermObjectsGet)
	}
	return nil
}

// may asks Authorize. The caller does not hold mu.
func (s *Server) may(c *call, permission, bucket, object string) bool {
	return s.o.Authorize == nil ||
		s.o.Authorize(Access{Token: c.token(), Permission: permission, Op: c.op, Bucket: bucket, Object: object})
}

// token returns the token that a request comes with.
func (c *call) token() string {
	scheme, token, _ := strings.Cut(c.header.Get("Authorization"), " ")
	if token == "" {
		return scheme
	}
	return token
}

// lacks is the answer to a request without a permission.
func (s *Server) lacks(c *call, permission string) error {
	refused, who := errForbidden, "The caller"
	if s.o.Anonymous && c.token() == "" {
		refused, who = errUnauthorized.about("header", "Authorization"), "Anonymous caller"
	}
	what := "object"
	if permission == PermBucketsGet || permission == PermObjectsList {
		what = "bucket"
	}
	return refused.saying("%s does not have %s access to the Google Cloud Storage %s. Permission '%s' denied on resource (or it may not exist).",
		who, permission, what, permission)
}

// absent is the answer to a read of an object that there is not: that is told
// only to those who could see it in a listing.
func (s *Server) absent(c *call) error {
	if !s.may(c, PermObjectsList, c.bucket, c.object) {
		return s.lacks(c, PermObjectsList)
	}
	return noObject(c.bucket, c.object)
}

// testPermissions answers which of some permissions there are.
func (s *Server) testPermissions(c *call) (*answer, error) {
	doc := struct {
		Kind        string   `json:"kind"`
		Permissions []string `json:"permissions,omitempty"`
	}{Kind: "storage#testIamPermissionsResponse"}
	for _, permission := range c.query["permissions"] {
		if s.may(c, permission, c.bucket, "") {
			doc.Permissions = append(doc.Permissions, permission)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bucket(c.bucket); err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, &doc), nil
}
