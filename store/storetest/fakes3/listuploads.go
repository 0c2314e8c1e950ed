package fakes3

import (
	"maps"
	"slices"
	"strings"
)

func (s *Server) listUploads(c *call) (*answer, error) {
	q := c.query
	size, err := number(q, "max-uploads", maxPage)
	if err != nil {
		return nil, err
	}
	encode, err := encoding(q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	found := b.openPage(q.Get("prefix"), q.Get("delimiter"), q.Get("key-marker"), q.Get("upload-id-marker"), size)
	d := newDocument("ListMultipartUploadsResult")
	d.text("Bucket", c.bucket)
	d.text("KeyMarker", encode(q.Get("key-marker")))
	d.text("UploadIdMarker", q.Get("upload-id-marker"))
	d.text("Prefix", encode(q.Get("prefix")))
	d.some("Delimiter", encode(q.Get("delimiter")))
	d.some("EncodingType", q.Get("encoding-type"))
	d.number("MaxUploads", int64(size))
	d.truth("IsTruncated", found.more)
	if found.more {
		d.text("NextKeyMarker", encode(found.lastKey))
		d.text("NextUploadIdMarker", found.lastID)
	}
	for _, u := range found.uploads {
		d.start("Upload")
		d.text("Key", encode(u.key))
		d.text("UploadId", u.id)
		d.owner("Initiator")
		d.owner("Owner")
		d.text("StorageClass", orStandard(u.told.StorageClass))
		d.text("Initiated", xmlTime(u.begun))
		d.some("ChecksumAlgorithm", u.algorithm)
		d.end()
	}
	for _, prefix := range found.prefixes {
		d.start("CommonPrefixes")
		d.text("Prefix", encode(prefix))
		d.end()
	}
	return d.answer(nil), nil
}

// openUploads is a page of a listing of uploads.
type openUploads struct {
	uploads         []*upload
	prefixes        []string
	more            bool
	lastKey, lastID string
}

// openPage returns the uploads after a marker. A key without an id is after all
// uploads of the key.
func (b *bucket) openPage(prefix, delimiter, afterKey, afterID string, size int) (page openUploads) {
	passed := afterID == ""
	for _, u := range b.inOrder() {
		rest, ok := strings.CutPrefix(u.key, prefix)
		switch {
		case !ok:
			continue
		case afterKey != "" && u.key < afterKey, u.key == afterKey && afterID == "":
			continue
		case u.key == afterKey && !passed:
			passed = u.id == afterID
			continue
		}
		common := ""
		if before, _, ok := strings.Cut(rest, delimiter); ok && delimiter != "" {
			common = prefix + before + delimiter
			if common <= afterKey || slices.Contains(page.prefixes, common) {
				continue
			}
		}
		if len(page.uploads)+len(page.prefixes) == size {
			page.more = size > 0
			break
		}
		if common != "" {
			page.prefixes = append(page.prefixes, common)
			page.lastKey, page.lastID = common, ""
			continue
		}
		page.uploads = append(page.uploads, u)
		page.lastKey, page.lastID = u.key, u.id
	}
	return page
}

func (s *Server) listParts(c *call) (*answer, error) {
	size, err := number(c.query, "max-parts", maxPage)
	if err != nil {
		return nil, err
	}
	marker, err := number(c.query, "part-number-marker", maxParts)
	if err != nil {
		return nil, err
	}
	if c.query.Get("part-number-marker") == "" {
		marker = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	numbers := slices.Sorted(maps.Keys(u.parts))
	numbers = numbers[upTo(numbers, marker):]
	more := len(numbers) > size && size > 0
	numbers = numbers[:min(size, len(numbers))]
	d := newDocument("ListPartsResult")
	d.text("Bucket", c.bucket)
	d.text("Key", c.key)
	d.text("UploadId", u.id)
	d.owner("Initiator")
	d.owner("Owner")
	d.text("StorageClass", orStandard(u.told.StorageClass))
	d.number("PartNumberMarker", int64(marker))
	d.number("MaxParts", int64(size))
	d.truth("IsTruncated", more)
	if more {
		d.number("NextPartNumberMarker", int64(numbers[len(numbers)-1]))
	}
	if u.algorithm != "" {
		d.text("ChecksumAlgorithm", u.algorithm)
		d.text("ChecksumType", u.kind)
	}
	for _, n := range numbers {
		p := u.parts[n]
		d.start("Part")
		d.number("PartNumber", int64(n))
		d.text("LastModified", xmlTime(p.written))
		d.text("ETag", quote(p.etag))
		d.number("Size", int64(len(p.data)))
		if p.sum.algorithm != "" {
			d.text("Checksum"+p.sum.algorithm, p.sum.sum)
		}
		d.end()
	}
	return d.answer(nil), nil
}

// upTo returns how many of the sorted numbers are not above marker.
func upTo(numbers []int, marker int) int {
	n, found := slices.BinarySearch(numbers, marker)
	if found {
		n++
	}
	return n
}
