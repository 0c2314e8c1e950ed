package gcsstore

import (
	"context"
	"iter"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/advcache/advcache/store/objects"
)

// pageSize is how many objects one request lists: as many as GCS lets it.
const pageSize = 1000

// listed is an object of a listing, with the beginning of its key, or all of it.
type listed struct {
	objects.Listed

	match objects.Match
	key   string // of a shortened name, where its metadata have it
}

// has reports whether the object is that of a key with a prefix. sure is false
// where that cannot be told.
func (l *listed) has(prefix string) (has, sure bool) {
	if l.match != objects.Shortened {
		return l.match == objects.Belongs, true
	}
	return strings.HasPrefix(l.key, prefix), l.key != ""
}

// pages lists what keys with a prefix may have, 1,000 objects at a time, with
// their metadata. An error is the last page.
func (s *Store) pages(ctx context.Context, b *storage.BucketHandle, prefix string) iter.Seq2[[]listed, error] {
	return func(yield func([]listed, error) bool) {
		for _, beginning := range s.names.Listings(prefix) {
			for token, first := "", true; first || token != ""; first = false {
				var page []listed
				var err error
				page, token, err = s.page(ctx, b, beginning, prefix, token)
				if !yield(page, err) || err != nil {
					return
				}
			}
		}
	}
}

// page lists the objects behind a token, and returns the next one.
func (s *Store) page(ctx context.Context, b *storage.BucketHandle, beginning, prefix, token string) (page []listed, next string, err error) {
	query := &storage.Query{Prefix: beginning, Projection: storage.ProjectionNoACL}
	if err := query.SetAttrSelection([]string{"Name", "Size", "Updated", "Generation", "Metageneration", "Metadata"}); err != nil {
		return nil, "", err
	}
	var all []*storage.ObjectAttrs
	err = s.try(ctx, func(ctx context.Context) (err error) {
		s.meter.Count(classWrite)
		all = nil
		next, err = iterator.NewPager(b.Objects(ctx, query), pageSize, token).NextPage(&all)
		return err
	})
	if err != nil {
		return nil, "", s.explain(opList, err)
	}
	s.seen.Store(true)
	for _, attrs := range all {
		l := listed{match: s.names.Match(attrs.Name, prefix)}
		if l.match == objects.Other {
			continue
		}
		if l.match == objects.Shortened {
			l.key = objects.KeyOf(attrs.Metadata)
		}
		h := heldFrom(attrs)
		l.Listed = objects.Listed{Name: attrs.Name, Size: attrs.Size, Modified: attrs.Updated, Meta: &h.meta}
		page = append(page, l)
	}
	return page, next, nil
}
