package s3store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/objects"
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
	for page, err := range s.pages(ctx, api, prefix) {
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		var names []string
		for _, obj := range page {
			has, err := s.hasPrefix(ctx, api, obj.Name, prefix)
			if err != nil {
				errs = append(errs, err)
			}
			if has {
				names = append(names, obj.Name)
			}
		}
		if len(names) > 0 {
			errs = append(errs, s.deleteNames(ctx, api, names, func(name string) string { return name }))
		}
	}
	return errors.Join(errs...)
}

// hasPrefix reports whether an object is that of a key with the prefix. What is
// nobody's has none.
func (s *Store) hasPrefix(ctx context.Context, api *s3.Client, name, prefix string) (bool, error) {
	match := s.names.Match(name, prefix)
	if match != objects.Shortened {
		return match == objects.Belongs, nil
	}
	out, err := s.headObject(ctx, api, name)
	if err != nil || out == nil {
		return false, err
	}
	key := objects.KeyOf(out.Metadata)
	if key == "" {
		return false, fmt.Errorf("s3store: "+objects.KeyTooLong, name)
	}
	return strings.HasPrefix(key, prefix), nil
}
