package gcsstore

import (
	"context"
	"iter"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// SweepOptions are those of [Store.Sweep].
type SweepOptions = objects.SweepOptions

// SweepReport says what [Store.Sweep] has done so far.
type SweepReport = objects.SweepReport

// Sweep deletes the objects of this store that have been dead for 24 hours, or as
// options say: by lists of 1,000 objects, which tell their metadata, and a DELETE
// for each that is dead, which is free, so many a second and no more. It leaves
// what others write, and what is written or renewed between a list and a DELETE.
// Shortened names belong to each prefix that they may belong to.
//
// It ends at the first error, an [*advcache.OpError] with none of the keys, or
// when ctx is done. Run it from time to time in one process; two at once do no
// harm. A lifecycle rule of the bucket is cheaper: see Options.NoCustomTime.
func (s *Store) Sweep(ctx context.Context, o *SweepOptions) (SweepReport, error) {
	b, err := s.api(ctx)
	if err != nil {
		return SweepReport{}, s.opError("sweep", err)
	}
	report, err := objects.Sweep(ctx, &sweeper{s, b}, o)
	return report, s.opError("sweep", err)
}

// sweeper is a Store that is being swept.
type sweeper struct {
	store  *Store
	bucket *storage.BucketHandle
}

// Pages implements [objects.Sweeper].
func (w *sweeper) Pages(ctx context.Context, prefix string) iter.Seq2[[]objects.Listed, error] {
	return func(yield func([]objects.Listed, error) bool) {
		for page, err := range w.store.pages(ctx, w.bucket, prefix) {
			ours := make([]objects.Listed, 0, len(page))
			for i := range page {
				if has, sure := page[i].has(prefix); has || !sure {
					ours = append(ours, page[i].Listed)
				}
			}
			if !yield(ours, err) {
				return
			}
		}
	}
}

// HeadNamed implements [objects.Sweeper]. Nobody asks: the listing has told.
func (w *sweeper) HeadNamed(ctx context.Context, name string) (store.Meta, bool, error) {
	h, ok, err := w.store.head(ctx, w.bucket, name)
	return h.meta, ok, err
}

// DeleteNamed implements [objects.Sweeper].
func (w *sweeper) DeleteNamed(ctx context.Context, name string, meta *store.Meta) (bool, error) {
	defer w.store.written.Begin(name)(nil)
	seen, _ := revisionOf(meta.Version)
	sent := 0
	err := w.store.remove(ctx, w.bucket, name, seen.is(), &sent)
	if lostRace(err) {
		return sent > 1 && isMissing(err), nil // by the try whose answer was lost
	}
	return err == nil, err
}
