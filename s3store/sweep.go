package s3store

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// SweepOptions are those of [Store.Sweep].
type SweepOptions = objects.SweepOptions

// SweepReport says what [Store.Sweep] has done so far.
type SweepReport = objects.SweepReport

// Sweep deletes the objects of this store that have been dead for 24 hours, or as
// options say: by lists of 1,000 objects, a HEAD for each that was not written
// since, and a DELETE for each that is dead, so many a second and no more. It
// leaves what others write. Shortened names belong to each prefix that they may
// belong to. What is written between a HEAD and a DELETE stays, but for equal
// bodies that are neither compressed nor encrypted, and on services without
// If-Match of DELETE: there it is a miss.
//
// It ends at the first error, an [*advcache.OpError] with none of the keys, or
// when ctx is done. Run it from time to time in one process; two at once do no
// harm. Where it would run for long, a lifecycle rule of the bucket is cheaper:
// see Options.LifetimeTag.
func (s *Store) Sweep(ctx context.Context, o *SweepOptions) (SweepReport, error) {
	api, err := s.api(ctx)
	if err != nil {
		return SweepReport{}, s.opError("sweep", err)
	}
	a, err := s.able(ctx, api)
	if err != nil {
		return SweepReport{}, s.opError("sweep", err)
	}
	report, err := objects.Sweep(ctx, &sweeper{s, api, a}, o)
	return report, s.opError("sweep", err)
}

// sweeper is a Store that is being swept.
type sweeper struct {
	store *Store
	api   *s3.Client
	able  *abilities
}

func (w *sweeper) Pages(ctx context.Context, prefix string) iter.Seq2[[]objects.Listed, error] {
	return func(yield func([]objects.Listed, error) bool) {
		for page, err := range w.store.pages(ctx, w.api, prefix) {
			ours := page[:0]
			for _, obj := range page {
				if w.store.names.Match(obj.Name, prefix) != objects.Other {
					ours = append(ours, obj)
				}
			}
			if !yield(ours, err) {
				return
			}
		}
	}
}

func (w *sweeper) HeadNamed(ctx context.Context, name string) (store.Meta, bool, error) {
	h, ok, err := w.store.headName(ctx, w.api, name)
	return h.meta, ok, err
}

func (w *sweeper) DeleteNamed(ctx context.Context, name string, meta *store.Meta) (bool, error) {
	defer w.store.written.Begin(name)(nil)
	etag := etagOf(meta)
	if !w.able.removeSeen {
		etag = ""
	}
	err := w.store.deleteName(ctx, w.api, name, etag)
	if lostRace(err) {
		return false, nil
	}
	return err == nil, err
}
