package s3store

import (
	"net/url"
	"strconv"
	"time"

	"github.com/advcache/advcache/store"
)

// lifetimes are the classes of Options.LifetimeTag, in days.
var lifetimes = [...]int{1, 3, 7, 14, 30, 90, 180, 365}

// lifetime returns the class of an object that is gone then: the least one that
// does not end before it, counted from now as the lifecycle of a bucket does.
func lifetime(gone, now time.Time) string {
	for _, days := range lifetimes {
		if !gone.IsZero() && gone.Sub(now) <= time.Duration(days)*24*time.Hour {
			return strconv.Itoa(days) + "d"
		}
	}
	return "long"
}

// tagging returns the tags of a write, nil where there are none.
func (s *Store) tagging(meta *store.Meta) *string {
	if s.opt.LifetimeTag == "" {
		return nil
	}
	return optional(url.QueryEscape(s.opt.LifetimeTag) + "=" + lifetime(meta.GoesAt(), time.Now()))
}
