package filestore

import (
	"context"
	"strings"
)

// Clear implements [store.Clearer]. It reads the keys of all files, unless the
// prefix is empty, and removes one file at a time: what is written meanwhile may
// stay. Foreign and damaged files are removed with any prefix: nothing says
// whose they are, and nobody is served from them.
func (s *Store) Clear(ctx context.Context, prefix string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return each(fans, func(fan int) error { return s.clearFolder(ctx, byte(fan), prefix) })
}

func (s *Store) clearFolder(ctx context.Context, fan byte, prefix string) error {
	files, err := s.readFolder(fanPath(fan))
	if err != nil {
		return absent(err)
	}
	var first error
	for _, file := range files {
		n, ok := parseName(fan, file.Name())
		if !ok || !file.Type().IsRegular() {
			continue
		}
		if err := s.ready(ctx); err != nil {
			return err
		}
		first = firstOf(first, s.clearFile(ctx, n, prefix))
	}
	return first
}

// clearFile removes a file if its key has the prefix. What is put in its place
// between the look and the removal has the same key. What has no key is looked
// at again under the lock: a Touch may have been under way.
func (s *Store) clearFile(ctx context.Context, n name, prefix string) error {
	if prefix == "" {
		return s.remove(ctx, n)
	}
	key, _, err := s.glance(n)
	if err != nil {
		return absent(err)
	}
	if key != "" {
		if strings.HasPrefix(key, prefix) {
			return s.remove(ctx, n)
		}
		return nil
	}
	lock, err := s.lock(ctx, n.fan())
	if err != nil {
		return absent(err)
	}
	defer lock.release()
	if key, _, err = s.glance(n); err != nil {
		return absent(err)
	}
	if key == "" || strings.HasPrefix(key, prefix) {
		return s.removeLocked(n)
	}
	return nil
}
