package gcsstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/advcache/advcache/store/objects"
)

// Clear implements [store.Clearer] by lists of 1,000 objects, and one request for
// each of them, 32 at once.
func (s *Store) Clear(ctx context.Context, prefix string) error {
	b, err := s.api(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for page, err := range s.pages(ctx, b, prefix) {
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		var names []string
		for i := range page {
			has, sure := page[i].has(prefix)
			if !sure {
				errs = append(errs, fmt.Errorf("gcsstore: "+objects.KeyTooLong, page[i].Name))
			}
			if has {
				names = append(names, page[i].Name)
			}
		}
		if err := s.removeAll(ctx, b, names, func(name string) string { return name }); err != nil {
			if errs = append(errs, err); ctx.Err() != nil {
				return errors.Join(errs...)
			}
		}
	}
	return errors.Join(errs...)
}
