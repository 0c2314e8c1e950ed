package fakes3

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxPage = 1000

func (s *Server) listObjects(c *call) (*answer, error) {
	q := c.query
	page, err := number(q, "max-keys", maxPage)
	if err != nil {
		return nil, err
	}
	encode, err := encoding(q)
	if err != nil {
		return nil, err
	}
	token := q.Get("continuation-token")
	after := q.Get("start-after")
	if q.Has("continuation-token") {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || token == "" {
			return nil, errInvalidArgument.saying("The continuation token provided is incorrect").with("ArgumentName", "continuation-token")
		}
		after = string(last)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	found := pageOf(b.sorted(), q.Get("prefix"), q.Get("delimiter"), after, page)
	d := newDocument("ListBucketResult")
	d.text("Name", c.bucket)
	d.text("Prefix", encode(q.Get("prefix")))
	d.some("Delimiter", encode(q.Get("delimiter")))
	d.some("StartAfter", encode(q.Get("start-after")))
	d.some("ContinuationToken", token)
	d.some("EncodingType", q.Get("encoding-type"))
	d.number("MaxKeys", int64(page))
	d.number("KeyCount", int64(len(found.names)))
	d.truth("IsTruncated", found.more)
	if found.more {
		d.text("NextContinuationToken", base64.RawURLEncoding.EncodeToString([]byte(found.last)))
	}
	for _, name := range found.names {
		if !name.isPrefix {
			d.contents(encode(name.text), b.objects[name.text], q.Get("fetch-owner") == "true")
		}
	}
	for _, name := range found.names {
		if name.isPrefix {
			d.start("CommonPrefixes")
			d.text("Prefix", encode(name.text))
			d.end()
		}
	}
	return d.answer(http.Header{"X-Amz-Bucket-Region": {region}}), nil
}

// contents writes an object of a listing.
func (d *document) contents(key string, obj *Object, owner bool) {
	d.start("Contents")
	d.text("Key", key)
	d.text("LastModified", xmlTime(obj.LastModified))
	d.text("ETag", quote(obj.ETag))
	if obj.Checksum != "" {
		d.text("ChecksumAlgorithm", obj.ChecksumAlgorithm)
		d.text("ChecksumType", obj.checksumType())
	}
	d.number("Size", int64(len(obj.Body)))
	if owner {
		d.owner("Owner")
	}
	d.text("StorageClass", orStandard(obj.StorageClass))
	d.end()
}

func (d *document) owner(name string) {
	d.start(name)
	d.text("ID", strings.Repeat("0", 64))
	d.end()
}

func orStandard(class string) string {
	if class == "" {
		return standard
	}
	return class
}

// listed is a page of a listing.
type listed struct {
	names []listedName
	more  bool
	last  string // where the next page begins after: a key or a common prefix
}

type listedName struct {
	text     string
	isPrefix bool
}

// pageOf returns what a listing of sorted keys has after a key, or after all keys
// of a common prefix.
func pageOf(keys []string, prefix, delimiter, after string, size int) (page listed) {
	start, _ := slices.BinarySearch(keys, max(prefix, after))
	for _, key := range keys[start:] {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			break
		}
		name := listedName{text: key}
		if delimiter != "" {
			if before, _, ok := strings.Cut(rest, delimiter); ok {
				name = listedName{prefix + before + delimiter, true}
			}
		}
		if after != "" && (key <= after || name.isPrefix && name.text == after) {
			continue
		}
		if n := len(page.names); n > 0 && name.isPrefix && page.names[n-1] == name {
			continue
		}
		if len(page.names) == size {
			page.more = size > 0
			break
		}
		page.names = append(page.names, name)
		page.last = name.text
	}
	return page
}

// number reads a parameter that is at most most, which is its default too.
func number(q url.Values, name string, most int) (int, error) {
	v := q.Get(name)
	if v == "" {
		return most, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, errInvalidArgument.saying("Provided %s not an integer or within integer range", name).
			with("ArgumentName", name).with("ArgumentValue", v)
	}
	return min(n, most), nil
}

// encoding returns how the names of a listing are written.
func encoding(q url.Values) (func(string) string, error) {
	switch v := q.Get("encoding-type"); v {
	case "":
		return func(s string) string { return s }, nil
	case "url":
		return func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }, nil
	default:
		return nil, errInvalidArgument.saying("Invalid Encoding Method specified in Request").
			with("ArgumentName", "encoding-type").with("ArgumentValue", v)
	}
}
