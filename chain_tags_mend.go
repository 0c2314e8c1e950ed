package advcache

import (
	"context"
	"maps"
	"time"
)

// remember has the mender store and tell what could not be.
func (ts *tagStamps[V]) remember(tags []string, at int64) {
	if len(tags) == 0 {
		return
	}
	ts.mu.Lock()
	for _, tag := range tags {
		ts.untold[tag] = at
	}
	ts.mu.Unlock()
	ts.chain.mend.wake()
}

// behind reports whether others may not know of a stamp.
func (ts *tagStamps[V]) behind() bool {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	return len(ts.untold) > 0
}

// catchUp stores and tells what could not be, up to the first failure.
func (ts *tagStamps[V]) catchUp(ctx context.Context) error {
	ts.mu.RLock()
	untold := maps.Clone(ts.untold)
	ts.mu.RUnlock()
	for tag, at := range untold {
		s := ts.of(tag)
		s.reading.Lock()
		var err error
		if s.unsaved {
			err = ts.save(ctx, s)
		}
		s.reading.Unlock()
		if err == nil {
			err = ts.chain.link.tellTags(ctx, []string{tag}, time.UnixMilli(at))
		}
		if err != nil {
			return err
		}
		ts.mu.Lock()
		if ts.untold[tag] == at { // else there is a newer one
			delete(ts.untold, tag)
		}
		ts.mu.Unlock()
	}
	return nil
}
