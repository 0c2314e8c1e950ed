package filestore

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

var sizes = []struct {
	name string
	size int
}{{"1KiB", 1 << 10}, {"64KiB", 64 << 10}}

// BenchmarkGet and BenchmarkReadFile are to be compared: the second is the least
// that a read of a file can take.
func BenchmarkGet(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			s := open(b, b.TempDir(), nil)
			put(b, s, "users/42/profile", object(text(size.size), time.Hour))
			ctx := b.Context()
			b.ReportAllocs()
			b.SetBytes(int64(size.size))
			for b.Loop() {
				if _, ok, err := s.Get(ctx, "users/42/profile", store.Want{}); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkReadFile(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "file")
			noError(b, os.WriteFile(file, []byte(text(size.size)), 0o600))
			b.ReportAllocs()
			b.SetBytes(int64(size.size))
			for b.Loop() {
				if _, err := os.ReadFile(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPut is to be compared with BenchmarkWriteFile, which does not lock,
// and with BenchmarkWriteAndRename, which does what is needed for the old file
// to stay until the new one is whole.
func BenchmarkPut(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			s := open(b, b.TempDir(), nil)
			obj := object(text(size.size), time.Hour)
			ctx := b.Context()
			b.ReportAllocs()
			b.SetBytes(int64(size.size))
			for b.Loop() {
				if _, ok, err := s.Put(ctx, "users/42/profile", obj, store.Cond{}); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

// BenchmarkPutWhenFull puts keys that are new into a folder at its bound.
func BenchmarkPutWhenFull(b *testing.B) {
	s := open(b, b.TempDir(), &Options{MaxEntries: 1000})
	obj := object(text(1<<10), time.Hour)
	ctx, i := b.Context(), 0
	for b.Loop() {
		i++
		if _, ok, err := s.Put(ctx, itoa(i), obj, store.Cond{}); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkWriteFile(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			file, data := filepath.Join(b.TempDir(), "file"), []byte(text(size.size))
			b.ReportAllocs()
			b.SetBytes(int64(size.size))
			for b.Loop() {
				noError(b, os.WriteFile(file, data, 0o600))
			}
		})
	}
}

func BenchmarkWriteAndRename(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			dir, data := b.TempDir(), []byte(text(size.size))
			b.ReportAllocs()
			b.SetBytes(int64(size.size))
			for b.Loop() {
				f, err := os.CreateTemp(dir, "")
				noError(b, err)
				_, err = f.Write(data)
				noError(b, err)
				noError(b, f.Close())
				noError(b, os.Rename(f.Name(), filepath.Join(dir, "file")))
			}
		})
	}
}

func BenchmarkHead(b *testing.B) {
	s := open(b, b.TempDir(), nil)
	put(b, s, "key", object(text(64<<10), time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := s.Head(b.Context(), "key"); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkTouch(b *testing.B) {
	s := open(b, b.TempDir(), nil)
	obj := object(text(64<<10), time.Hour)
	put(b, s, "key", obj)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := s.Touch(b.Context(), "key", obj.Meta, store.Cond{}); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkGetMany is of 100 keys; BenchmarkGet100 is the same, one by one.
func BenchmarkGetMany(b *testing.B) {
	s, keys := hundred(b)
	for b.Loop() {
		if found, err := s.GetMany(b.Context(), keys, store.Want{}); err != nil || len(found) != len(keys) {
			b.Fatal(len(found), err)
		}
	}
}

func BenchmarkGet100(b *testing.B) {
	s, keys := hundred(b)
	for b.Loop() {
		for _, key := range keys {
			if _, ok, err := s.Get(b.Context(), key, store.Want{}); err != nil || !ok {
				b.Fatal(ok, err)
			}
		}
	}
}

func hundred(b *testing.B) (*Store, []string) {
	b.Helper()
	s := open(b, b.TempDir(), nil)
	var keys []string
	for i := range 100 {
		keys = append(keys, itoa(i))
		put(b, s, itoa(i), object(text(1<<10), time.Hour))
	}
	return s, keys
}

// BenchmarkSweep is of 10,000 files: in folders that have not changed, and in
// such that all have.
func BenchmarkSweep(b *testing.B) {
	s := open(b, b.TempDir(), nil)
	for i := range 10_000 {
		put(b, s, itoa(i), object("value", time.Hour))
	}
	then := time.Now().Add(-time.Minute)
	for fan := range fans {
		noError(b, os.Chtimes(filepath.Join(s.dir, fanPath(byte(fan))), then, then))
	}
	for _, settled := range []bool{true, false} {
		b.Run(map[bool]string{true: "settled", false: "changed"}[settled], func(b *testing.B) {
			for b.Loop() {
				if !settled {
					s.folders = [fans]folder{}
				}
				noError(b, s.Sweep(b.Context()))
			}
		})
	}
}
