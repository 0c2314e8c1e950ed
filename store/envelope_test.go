package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

var update = flag.Bool("update", false, "write golden files that are not there yet")

// metas are worth a test of their own.
func metas() map[string]store.Meta {
	at := func(ms int64) time.Time { return time.UnixMilli(1_800_000_000_000 + ms) }
	return map[string]store.Meta{
		"zero": {},
		"full": {
			CreatedAt: at(1), FreshUntil: at(60_002), StaleUntil: at(120_003), HeldUntil: at(30_004),
			Tags: []string{"a", "", "with, comma", "größe", "100%"}, Hash: store.Hash{1, 2, 3, 31: 255},
			Encoding: "json+gzip+aesgcm.2026-11", Schema: "user, v2 ☃",
		},
		"negative":    {CreatedAt: at(1), FreshUntil: at(2), Absent: true},
		"forever":     {CreatedAt: at(1), Hash: store.Hash{9}, Encoding: "raw"},
		"one tag":     {CreatedAt: at(1), Tags: []string{""}, Hash: store.Hash{9}, Encoding: "raw"},
		"many tags":   {CreatedAt: at(1), Tags: strings.Split(strings.Repeat("tag,", 999)+"tag", ","), Encoding: "raw"},
		"long schema": {CreatedAt: at(1), Schema: strings.Repeat("s", 255), Encoding: strings.Repeat("e", 255)},
		"far":         {CreatedAt: time.UnixMilli(1), FreshUntil: time.UnixMilli(1 << 52)},
	}
}

func sameMeta(a, b store.Meta) bool {
	equal := a.CreatedAt.Equal(b.CreatedAt) && a.FreshUntil.Equal(b.FreshUntil) && a.StaleUntil.Equal(b.StaleUntil) && a.HeldUntil.Equal(b.HeldUntil)
	for _, m := range []*store.Meta{&a, &b} {
		m.CreatedAt, m.FreshUntil, m.StaleUntil, m.HeldUntil = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	}
	return equal && reflect.DeepEqual(a, b)
}

func TestEnvelopeRoundTrip(t *testing.T) {
	for name, meta := range metas() {
		t.Run(name, func(t *testing.T) {
			data, err := store.AppendEnvelope([]byte("before"), &meta, 77)
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, "the body"...)
			got, body, err := store.ParseEnvelope(data[len("before"):])
			if err != nil {
				t.Fatal(err)
			}
			want := meta
			want.Size, want.Version = int64(len("the body")), store.NumberVersion(77)
			if !sameMeta(got, want) || string(body) != "the body" {
				t.Errorf("law 10: got %+v and %q; want %+v", got, body, want)
			}
		})
	}
}

// TestEnvelopeGolden reads what earlier versions wrote. The files are never
// written again.
func TestEnvelopeGolden(t *testing.T) {
	for name, meta := range metas() {
		if name == "many tags" || name == "long schema" {
			continue // as the others, but long
		}
		file := "testdata/envelope-1-" + strings.ReplaceAll(name, " ", "-") + ".hex"
		if *update {
			if _, err := os.Stat(file); os.IsNotExist(err) {
				data, err := store.AppendEnvelope(nil, &meta, 0x0102030405060708)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(hex.Dump(append(data, "body"...))), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, body, err := store.ParseEnvelope(undump(t, string(text)))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		meta.Size, meta.Version = 4, store.NumberVersion(0x0102030405060708)
		if !sameMeta(got, meta) || string(body) != "body" {
			t.Errorf("law 10: %s reads as %+v and %q; want %+v", file, got, body, meta)
		}
	}
}

// undump is the inverse of hex.Dump.
func undump(t *testing.T, dump string) (data []byte) {
	t.Helper()
	for line := range strings.Lines(dump) {
		_, line, _ = strings.Cut(line, "  ")
		line, _, _ = strings.Cut(line, "|")
		b, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, b...)
	}
	return data
}

// TestEnvelopeDamaged changes each bit and cuts at each byte of a header.
func TestEnvelopeDamaged(t *testing.T) {
	meta := metas()["full"]
	whole, err := store.AppendEnvelope(nil, &meta, 77)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		for bit := range 8 {
			data := bytes.Clone(whole)
			data[i] ^= 1 << bit
			if got, _, err := store.ParseEnvelope(data); !errors.Is(err, store.ErrEnvelope) {
				t.Errorf("law 10: bit %d of byte %d changed: got %+v, %v; want ErrEnvelope", bit, i, got, err)
			}
		}
	}
	for n := range whole {
		if _, _, err := store.ParseEnvelope(whole[:n]); !errors.Is(err, store.ErrEnvelope) {
			t.Errorf("law 10: cut at %d: %v; want ErrEnvelope", n, err)
		}
		if n >= store.EnvelopeFixed+4 {
			_, _, err := store.ParseEnvelope(whole[:n])
			if short, ok := errors.AsType[*store.ShortEnvelopeError](err); !ok || short.Need != len(whole) {
				t.Errorf("cut at %d: %v; want a ShortEnvelopeError that needs %d", n, err, len(whole))
			}
		}
	}
}

// TestEnvelopeTellsWhose holds law 10: what begins as an envelope is ours, damaged
// or of a later format, and never what somebody else wrote.
func TestEnvelopeTellsWhose(t *testing.T) {
	meta := metas()["full"]
	whole, err := store.AppendEnvelope(nil, &meta, 77)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, to byte) []byte {
		data := bytes.Clone(whole)
		data[at] = to
		return data
	}
	foreign, ours, later := store.Meta{Foreign: true}, store.Meta{Damaged: true}, store.Meta{Encoding: store.LaterFormat}
	for _, test := range []struct {
		what string
		data []byte
		want store.Meta
	}{
		{"nothing", nil, foreign},
		{"text", []byte("what somebody else wrote, which is long enough for a header of ours, and takes more than a hundred bytes"), foreign},
		{"another magic", changed(0, 'A'), foreign},
		{"the magic alone", whole[:4], ours},
		{"magic and format", whole[:5], ours},
		{"cut in the first part", whole[:50], ours},
		{"cut in the second part", whole[:len(whole)-1], ours},
		{"format 0", changed(4, 0), ours},
		{"a bit in the first part", changed(50, whole[50]^1), ours},
		{"a bit in the second part", changed(len(whole)-1, whole[len(whole)-1]^1), ours},
		{"format 2", changed(4, 2), later},
		{"a short one of format 2", []byte("advc\x02"), later},
	} {
		got, body, err := store.ParseEnvelope(test.data)
		if !errors.Is(err, store.ErrEnvelope) || body != nil || !sameMeta(got, test.want) {
			t.Errorf("law 10: %s: %+v, %q, %v; want %+v and an error", test.what, got, body, err, test.want)
		}
	}
}

// TestEnvelopeIsRenewedByItsFirstPart holds what scripts rely on.
func TestEnvelopeIsRenewedByItsFirstPart(t *testing.T) {
	meta := metas()["full"]
	data, err := store.AppendEnvelope(nil, &meta, 1)
	if err != nil {
		t.Fatal(err)
	}
	next := meta
	next.CreatedAt, next.FreshUntil = meta.CreatedAt.Add(time.Hour), meta.FreshUntil.Add(time.Hour)
	next.Encoding = "json+zstd+aesgcm.2026-11" // another compression is the same content
	if !meta.SameContent(&next) {
		t.Fatal("SameContent is false for another life and compression")
	}
	fixed := store.AppendEnvelopeFixed(nil, &next, 2)
	if len(fixed) != store.EnvelopeFixed {
		t.Fatalf("the first part has %d bytes, want %d", len(fixed), store.EnvelopeFixed)
	}
	const from, to = store.EnvelopeContent, store.EnvelopeContentEnd
	if !bytes.Equal(fixed[from:to], data[from:to]) {
		t.Error("the bytes that identify the content differ")
	}
	copy(data, fixed)
	got, _, err := store.ParseEnvelope(data)
	if err != nil {
		t.Fatal(err)
	}
	next.Encoding, next.Version = meta.Encoding, store.NumberVersion(2)
	if !sameMeta(got, next) {
		t.Errorf("renewed: got %+v, want %+v", got, next)
	}
	for what, change := range map[string]func(*store.Meta){
		"hash":   func(m *store.Meta) { m.Hash[0]++ },
		"schema": func(m *store.Meta) { m.Schema += "x" },
		"codec":  func(m *store.Meta) { m.Encoding = "msgpack+gzip+aesgcm.2026-11" },
		"key":    func(m *store.Meta) { m.Encoding = "json+gzip+aesgcm.2026-12" },
		"tags":   func(m *store.Meta) { m.Tags = m.Tags[1:] },
		"absent": func(m *store.Meta) { m.Absent = true },
	} {
		other := meta
		change(&other)
		if meta.SameContent(&other) {
			t.Errorf("law 11: another %s is the same content", what)
		}
		if fixed := store.AppendEnvelopeFixed(nil, &other, 1); what != "absent" && bytes.Equal(fixed[from:to], data[from:to]) {
			t.Errorf("law 11: with another %s, the bytes that identify the content are the same", what)
		}
	}
}

func TestEnvelopeRefusesWhatDoesNotFit(t *testing.T) {
	for what, meta := range map[string]store.Meta{
		"schema":   {Schema: strings.Repeat("s", 256)},
		"encoding": {Encoding: strings.Repeat("s", 256)},
		"tag":      {Tags: []string{strings.Repeat("s", 1<<16)}},
		"tags":     {Tags: make([]string, 1<<16)},
		"all tags": {Tags: []string{strings.Repeat("s", 60_000), strings.Repeat("s", 60_000), strings.Repeat("s", 60_000)}},
	} {
		if data, err := store.AppendEnvelope([]byte("x"), &meta, 1); err == nil || string(data) != "x" {
			t.Errorf("%s: %d bytes, %v; want an error and what was there before", what, len(data), err)
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	for _, meta := range metas() {
		data, err := store.AppendEnvelope(nil, &meta, 7)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(data, "body"...))
	}
	f.Add([]byte("advc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		meta, body, err := store.ParseEnvelope(data)
		if err != nil {
			if !errors.Is(err, store.ErrEnvelope) {
				t.Errorf("%v does not wrap ErrEnvelope", err)
			}
			return
		}
		again, err := store.AppendEnvelope(nil, &meta, meta.Version.Number())
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := store.ParseEnvelope(append(again, body...))
		if err != nil || !sameMeta(got, meta) || !bytes.Equal(rest, body) {
			t.Errorf("%+v was written and read as %+v, %v", meta, got, err)
		}
	})
}
