package filestore

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// goldenFile was written by the first release of format 1. It is never
// rewritten: each later version reads it.
const goldenFile = "testdata/format1.golden"

const goldenKey = "users/42/profile"

func golden() store.Object {
	return store.Object{
		Body: []byte(`{"name":"ann"}`),
		Meta: store.Meta{
			CreatedAt:  time.UnixMilli(1_700_000_000_001),
			FreshUntil: time.UnixMilli(1_700_000_060_002),
			StaleUntil: time.UnixMilli(1_700_000_120_003),
			HeldUntil:  time.UnixMilli(1_700_000_090_004),
			Tags:       []string{"users", "team:7"},
			Hash:       store.Hash{1, 2, 3, 31: 4},
			Encoding:   "json",
			Schema:     "user/2",
		},
	}
}

func TestGoldenFileIsRead(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	put(t, s, goldenKey, object("something else", 0))
	data, err := os.ReadFile(goldenFile)
	noError(t, err)
	noError(t, os.WriteFile(fileOf(s, goldenKey), data, 0o600))
	obj, ok, err := s.Get(t.Context(), goldenKey, store.Want{Now: time.UnixMilli(1_700_000_000_500)})
	if err != nil || !ok {
		t.Fatalf("Get = %v, %v", ok, err)
	}
	want := golden()
	m := obj.Meta
	if !bytes.Equal(obj.Body, want.Body) || m.Size != int64(len(want.Body)) || m.Version != store.NumberVersion(0x0102030405060708) ||
		!m.CreatedAt.Equal(want.Meta.CreatedAt) || !m.FreshUntil.Equal(want.Meta.FreshUntil) ||
		!m.StaleUntil.Equal(want.Meta.StaleUntil) || !m.HeldUntil.Equal(want.Meta.HeldUntil) ||
		strings.Join(m.Tags, " ") != "users team:7" || m.Hash != want.Meta.Hash || m.Encoding != "json" || m.Schema != "user/2" || m.Absent {
		t.Errorf("the golden file is read as %+v %q", obj.Meta, obj.Body)
	}
}

// TestGoldenFileIsWritten holds that what is written is what is documented: but
// for the version, which is random.
func TestGoldenFileIsWritten(t *testing.T) {
	want, err := os.ReadFile(goldenFile)
	noError(t, err)
	obj := golden()
	got, err := appendFront(nil, goldenKey, &obj)
	noError(t, err)
	got = append(got, obj.Body...)
	const version, sum = headLen + 8, headLen + 88
	copy(got[version:version+8], want[version:])
	copy(got[sum:sum+8], want[sum:])
	if !bytes.Equal(got, want) {
		t.Errorf("written is\n%q, the golden file is\n%q", got, want)
	}
}

// TestLaw10EachByteCounts holds law 10: with any byte of a file changed, cut or
// added, nothing is read that was not written. What is wrong in the body, the
// content hash tells, which package store checks.
func TestLaw10EachByteCounts(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	obj := object("content", time.Hour)
	put(t, s, "key", obj)
	file := fileOf(s, "key")
	whole, err := os.ReadFile(file)
	noError(t, err)
	body := len(whole) - len(obj.Body)
	isMiss := func(what string, data []byte) {
		t.Helper()
		noError(t, os.WriteFile(file, data, 0o600))
		ours := len(data) < len(magic) || string(data[:len(magic)]) == magic || data[0] == 0
		later := len(data) > len(magic) && data[4] > format || len(data) > headLen+4 && data[headLen+4] > 1
		for _, foreign := range []bool{false, true} {
			got, ok, err := s.Get(t.Context(), "key", store.Want{Foreign: foreign})
			if err != nil || !ok || got.Meta.Foreign == ours || got.Meta.Damaged != (ours && !later) || got.Body != nil && (ours || !foreign) {
				t.Errorf("law 10: %s: Get = %+v, %v, %v", what, got, ok, err)
			}
		}
		if meta, ok, err := s.Head(t.Context(), "key"); err != nil || !ok || meta.Foreign == ours || meta.Size != int64(len(data)) || meta.Version.IsZero() {
			t.Errorf("law 10: %s: Head = %+v, %v, %v", what, meta, ok, err)
		}
	}
	for i := range whole {
		for _, flip := range []byte{1, 0x80, 0xff} {
			data := bytes.Clone(whole)
			data[i] ^= flip
			if i < body {
				isMiss("byte "+itoa(i)+" changed", data)
				continue
			}
			noError(t, os.WriteFile(file, data, 0o600))
			if got, ok, err := s.Get(t.Context(), "key", store.Want{}); err != nil || ok && got.Meta.Hash != obj.Meta.Hash {
				t.Errorf("byte %d of the body changed: Get = %+v, %v", i-body, got.Meta, err)
			}
		}
		isMiss("cut at "+itoa(i), whole[:i])
	}
	isMiss("a byte more", append(bytes.Clone(whole), 0))
	isMiss("zeros, as a loss of power leaves them", make([]byte, len(whole)))

	// What is damaged can be replaced, whatever the condition, and removed.
	for _, cond := range []store.Cond{{Kind: store.IfVacant}, {Kind: store.IfGone}, {Kind: store.IfVacant, Foreign: true}} {
		noError(t, os.WriteFile(file, whole[:50], 0o600))
		if _, ok, err := s.Put(t.Context(), "key", obj, cond); err != nil || !ok {
			t.Errorf("Put %v over a damaged file = %v, %v", cond, ok, err)
		}
	}
	noError(t, os.WriteFile(file, whole[:50], 0o600))
	if ok, err := s.Touch(t.Context(), "key", obj.Meta, store.Cond{}); ok || err != nil {
		t.Errorf("Touch of a damaged file = %v, %v", ok, err)
	}
	noError(t, s.Delete(t.Context(), "key"))
}

// TestAMovedFileIsNoHit holds that the key in the file counts, not its name.
func TestAMovedFileIsNoHit(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	put(t, s, "a", object("of a", 0))
	put(t, s, "b", object("of b", 0))
	noError(t, os.Rename(fileOf(s, "a"), fileOf(s, "b")))
	for _, foreign := range []bool{false, true} {
		obj, ok, err := s.Get(t.Context(), "b", store.Want{Foreign: foreign})
		if err != nil || !ok || !obj.Meta.Damaged || obj.Body != nil {
			t.Errorf("law 10: Get = %+v, %v, %v", obj, ok, err)
		}
	}
}

// FuzzParseFront holds that no file makes the parser panic, ask for more than
// there is, or return what is not in the file.
func FuzzParseFront(f *testing.F) {
	obj := golden()
	for _, key := range []string{"k", goldenKey, strings.Repeat("k", maxKey)} {
		front, err := appendFront(nil, key, &obj)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(front, obj.Body...), 0)
		f.Add(front[:len(front)/2], len(front)/2)
	}
	negative := store.Object{Meta: store.Meta{Absent: true}}
	front, err := appendFront(nil, "k", &negative)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(front, 0)
	f.Add([]byte{}, 0)
	f.Add([]byte("somebody else's"), 1)
	f.Fuzz(func(t *testing.T, data []byte, more int) {
		size := int64(len(data)) + int64(max(0, more))
		front, err := parseFront(data, size)
		var cut cutError
		switch {
		case err == nil:
			if front.body > int64(len(data)) || front.body+front.meta.Size != size || len(front.key) == 0 || front.meta.Foreign {
				t.Errorf("of %d bytes: %+v", size, front)
			}
			again, err := appendFront(nil, string(front.key), &store.Object{Meta: front.meta, Body: make([]byte, front.meta.Size&0xffff)})
			if err != nil {
				t.Fatal(err)
			}
			if len(again) != int(front.body) {
				t.Errorf("the front has %d bytes, and written again %d", front.body, len(again))
			}
		case errors.As(err, &cut):
			if int64(cut) <= int64(len(data)) || int64(cut) > size {
				t.Errorf("of %d bytes, %d are there, and it asks for %d", size, len(data), cut)
			}
		case !errors.Is(err, errForeign) && !errors.Is(err, errDamaged) && !errors.Is(err, errLater):
			t.Errorf("an error of another kind: %v", err)
		}
	})
}
