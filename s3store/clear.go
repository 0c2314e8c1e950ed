package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Clear implements [store.Clearer] by lists of 1,000 objects, each deleted by one
// request. Of objects with shortened names, those that begin as a longer prefix
// does take a HEAD each.
func (s *Store) Clear(ctx context.Context, prefix string) error {
	api, err := s.api(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for n := range max(1, s.opt.KeyShards) {
		if err := s.clear(ctx, api, s.shardAt(n), prefix, &errs); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

// clear clears one shard. What is wrong with single objects goes to errs, and keeps
// no others from being deleted.
func (s *Store) clear(ctx context.Context, api *s3.Client, shard, prefix string, errs *[]error) error {
	pages := s3.NewListObjectsV2Paginator(api, &s3.ListObjectsV2Input{
		Bucket: aws.String(s.bucket), Prefix: aws.String(shard + settled(prefix)),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.explain("ListObjectsV2", err)
		}
		var names []string
		for _, obj := range page.Contents {
			name := aws.ToString(obj.Key)
			has, err := s.hasPrefix(ctx, api, name, strings.TrimPrefix(name, shard), prefix)
			if err != nil {
				*errs = append(*errs, err)
			}
			if has {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			*errs = append(*errs, s.deleteNames(ctx, api, names, func(name string) string { return name }))
		}
	}
	return nil
}

// alwaysKept is how many bytes of a key each shortened name has.
const alwaysKept = 128

// settled returns the beginning of the names of all keys with a prefix: that part
// of its escaped form which what follows cannot change, and shortening neither.
func settled(prefix string) string {
	prefix = prefix[:min(len(prefix), alwaysKept)]
	end := strings.LastIndexFunc(prefix, func(r rune) bool { return r < utf8.RuneSelf && r != '.' && r != '/' }) + 1
	return escape(prefix[:end])
}

// hasPrefix reports whether an object is that of a key with the prefix, given its
// name and that without what all names begin with. What is nobody's has none.
func (s *Store) hasPrefix(ctx context.Context, api *s3.Client, full, name, prefix string) (bool, error) {
	short := isShortened(name)
	if short {
		name = name[:len(name)-hashedEnd]
	}
	key, err := unescape(name)
	switch {
	case err != nil:
		return false, nil //nolint:nilerr // others may keep what they like here
	case !short || len(prefix) <= len(key) || !strings.HasPrefix(prefix, key):
		return strings.HasPrefix(key, prefix), nil
	}
	out, err := api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(s.bucket), Key: aws.String(full)})
	if err != nil {
		return false, s.missing(ctx, api, "HeadObject", err)
	}
	key, err = url.QueryUnescape(field(out.Metadata, metadataKey))
	if err != nil || key == "" {
		return false, fmt.Errorf("s3store: Clear cannot tell whether %q is of a key with the prefix: its key is too long, use a shorter prefix", full)
	}
	return strings.HasPrefix(key, prefix), nil
}
