package fakegcs

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

const maxPage = 1000

// listObjects answers a page of the names in a bucket, in the order of their
// bytes. Objects that were written or removed just now are there, or not there.
func (s *Server) listObjects(c *call) (*answer, error) {
	q := c.query
	for _, parameter := range []string{"versions", "softDeleted", "includeFoldersAsPrefixes"} {
		if q.Get(parameter) == "true" {
			return nil, errNotImplemented.saying("The parameter %s is not implemented.", parameter)
		}
	}
	if q.Get("matchGlob") != "" || q.Get("filter") != "" {
		return nil, errNotImplemented.saying("The parameters matchGlob and filter are not implemented.")
	}
	size := maxPage
	if v := q.Get("maxResults"); v != "" {
		n, err := number(v)
		if err != nil {
			return nil, errInvalid.saying("Invalid unsigned integer value: '%s'.", v).about("parameter", "maxResults")
		}
		if *n > 0 && *n < maxPage {
			size = int(*n)
		}
	}
	l := listing{
		prefix: q.Get("prefix"), delimiter: q.Get("delimiter"), start: q.Get("startOffset"), end: q.Get("endOffset"),
		trailing: q.Get("includeTrailingDelimiter") == "true", size: size,
	}
	if v := q.Get("pageToken"); v != "" {
		after, err := base64.RawURLEncoding.DecodeString(v)
		if err != nil || len(after) == 0 {
			return nil, errInvalid.saying("Invalid page token: %q", v).about("parameter", "pageToken")
		}
		l.after = string(after)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	l.read(b.sorted())
	doc := struct {
		Kind          string      `json:"kind"`
		NextPageToken string      `json:"nextPageToken,omitempty"`
		Prefixes      []string    `json:"prefixes,omitempty"`
		Items         []*resource `json:"items,omitempty"`
	}{Kind: "storage#objects", Prefixes: l.prefixes}
	if l.more {
		doc.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(l.last))
	}
	for _, name := range l.names {
		doc.Items = append(doc.Items, b.objects[name].resource(c.bucket, name))
	}
	return jsonAnswer(http.StatusOK, &doc), nil
}

// listing is a question for a page of names, and its answer.
type listing struct {
	prefix, delimiter, start, end, after string
	trailing                             bool // names that end in the delimiter are items too
	size                                 int

	names, prefixes []string
	last            string // a name or prefix that the next page begins after
	more            bool
}

// read finds the page in sorted names.
func (l *listing) read(sorted []string) {
	from, _ := slices.BinarySearch(sorted, max(l.prefix, l.start, l.after))
	for _, name := range sorted[from:] {
		rest, ok := strings.CutPrefix(name, l.prefix)
		if !ok || l.end != "" && name >= l.end {
			return
		}
		if name == l.after || name < l.start {
			continue
		}
		common := ""
		if l.delimiter != "" {
			if before, _, ok := strings.Cut(rest, l.delimiter); ok {
				common = l.prefix + before + l.delimiter
			}
		}
		// What a prefix stands for was told with it: on this page, or on the
		// one before.
		told := common != "" && (common == l.last || common == l.after)
		item := common == "" || l.trailing && name == common
		if told && !item {
			continue
		}
		if len(l.names)+len(l.prefixes) >= l.size {
			l.more = true
			return
		}
		if common != "" && !told {
			l.prefixes = append(l.prefixes, common)
			l.last = common
		}
		if item {
			l.names = append(l.names, name)
			l.last = name
		}
	}
}
