package fakegcs

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// conditions are the preconditions of a request on what is held for a name; nil
// is none.
type conditions struct {
	generation, generationNot         *int64
	metageneration, metagenerationNot *int64
	// etag and etagNot are lists of ETags: of If-Match and If-None-Match.
	etag, etagNot string
}

// conditions reads those of a request on the object that it is about.
func (s *Server) conditions(c *call) (cond conditions, err error) {
	if slices.Contains(s.o.Ignores, c.op) {
		return conditions{}, nil
	}
	if c.xml {
		// It knows no conditions on a generation that has changed.
		return xmlConditions(c.header)
	}
	if cond, err = jsonConditions(c.query, "if"); err != nil {
		return conditions{}, err
	}
	cond.etag, cond.etagNot = c.header.Get("If-Match"), c.header.Get("If-None-Match")
	return cond, nil
}

// sourceConditions reads those on the source of a copy.
func (s *Server) sourceConditions(c *call) (conditions, error) {
	if slices.Contains(s.o.Ignores, c.op) {
		return conditions{}, nil
	}
	return jsonConditions(c.query, "ifSource")
}

func jsonConditions(q url.Values, prefix string) (cond conditions, err error) {
	for name, at := range map[string]**int64{
		"GenerationMatch":        &cond.generation,
		"GenerationNotMatch":     &cond.generationNot,
		"MetagenerationMatch":    &cond.metageneration,
		"MetagenerationNotMatch": &cond.metagenerationNot,
	} {
		if !q.Has(prefix + name) {
			continue
		}
		if *at, err = number(q.Get(prefix + name)); err != nil {
			return conditions{}, errInvalid.saying("Invalid value for parameter %s: %q", prefix+name, q.Get(prefix+name)).about("parameter", prefix+name)
		}
	}
	if cond.generation != nil && cond.generationNot != nil || cond.metageneration != nil && cond.metagenerationNot != nil {
		return conditions{}, errInvalid.saying("Conditions to match and not to match exclude one another.")
	}
	return cond, nil
}

func xmlConditions(h http.Header) (cond conditions, err error) {
	for name, at := range map[string]**int64{
		"X-Goog-If-Generation-Match":     &cond.generation,
		"X-Goog-If-Metageneration-Match": &cond.metageneration,
	} {
		if h.Get(name) == "" {
			continue
		}
		if *at, err = number(h.Get(name)); err != nil {
			return conditions{}, errInvalid.saying("Invalid value for header %s: %q", name, h.Get(name))
		}
	}
	cond.etag, cond.etagNot = h.Get("If-Match"), h.Get("If-None-Match")
	return cond, nil
}

func number(text string) (*int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil, errInvalid
	}
	return &n, nil
}

// judge judges the conditions on what is held; nil is nothing. That something
// has not changed is told to those who read in another way, and is an error to
// others.
func (cond *conditions) judge(c *call, held *Object) error {
	changed := errCondition
	if c.op.reads() {
		changed = errNotModified
	}
	if held == nil {
		if cond.generation != nil && *cond.generation != 0 {
			return errCondition.about("header", "If-Match")
		}
		if cond.generationNot != nil || cond.metageneration != nil || cond.metagenerationNot != nil || cond.etag != "" {
			return errCondition.about("header", "If-Match")
		}
		return nil
	}
	etag := held.etag()
	if c.xml {
		etag = strings.Trim(held.xmlETag(), `"`)
	}
	switch {
	case cond.generation != nil && *cond.generation != held.Generation,
		cond.metageneration != nil && *cond.metageneration != held.Metageneration,
		cond.etag != "" && !etagListed(cond.etag, etag):
		return errCondition.about("header", "If-Match")
	case cond.generationNot != nil && *cond.generationNot == held.Generation,
		cond.metagenerationNot != nil && *cond.metagenerationNot == held.Metageneration,
		cond.etagNot != "" && etagListed(cond.etagNot, etag):
		return changed.about("header", "If-None-Match")
	}
	return nil
}

// etagListed reports whether a header of ETags names one, or any.
func etagListed(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		if tag == "*" || tag == etag {
			return true
		}
	}
	return false
}
