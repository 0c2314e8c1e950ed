package redisstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// rng makes the same random cases in each run.
func rng() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// instants are those of random metas, around now: zero, long past, close to it
// on both sides, and far away.
func instants(r *rand.Rand, now time.Time) time.Time {
	switch r.IntN(7) {
	case 0, 1:
		return time.Time{}
	case 2:
		return time.UnixMilli(1)
	case 3:
		return now.Add(1000 * time.Hour)
	default:
		return now.Add(time.Duration(r.IntN(5)-2) * time.Millisecond / 2)
	}
}

func randomMeta(r *rand.Rand, now time.Time) store.Meta {
	meta := store.Meta{
		CreatedAt: instants(r, now), FreshUntil: instants(r, now), StaleUntil: instants(r, now), HeldUntil: instants(r, now),
		Encoding: []string{"raw", "json", "json+gzip"}[r.IntN(3)], Schema: []string{"", "v2"}[r.IntN(2)],
		Absent: r.IntN(4) == 0,
	}
	if !meta.Absent {
		meta.Hash[0] = byte(1 + r.IntN(2))
	}
	for range r.IntN(3) {
		meta.Tags = append(meta.Tags, string(bytes.Repeat([]byte{'t'}, r.IntN(200))))
	}
	return meta
}

// randomHeld is what Redis holds for a key in a random case, and what it means.
func randomHeld(t *testing.T, r *rand.Rand, now time.Time, version uint64) (data []byte, meta *store.Meta) {
	switch r.IntN(8) {
	case 0:
		return nil, nil
	case 1: // what others write
		data = make([]byte, 1+r.IntN(300))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		if r.IntN(2) == 0 {
			copy(data, "advc\x01")
		}
	default:
		wrote := randomMeta(r, now)
		var err error
		if data, err = store.AppendEnvelope(nil, &wrote, version); err != nil {
			t.Fatal(err)
		}
		data = slices.Concat(data, []byte("body"[:r.IntN(5)]))
		switch r.IntN(12) {
		case 0: // cut within the header
			data = data[:r.IntN(len(data)-4)+1]
		case 1: // of another format
			data[4]++
		case 2: // with a length that makes no sense
			binary.BigEndian.PutUint32(data[96:], []uint32{0, 11, 1<<17 + 1, 1 << 31}[r.IntN(4)])
		}
	}
	got, _, err := store.ParseEnvelope(data)
	if err != nil {
		got.Version = store.TextVersion("=" + string(data[:min(256, len(data))]))
	}
	return data, &got
}

func plant(t *testing.T, c redis.UniversalClient, key string, data []byte) {
	t.Helper()
	err := c.Del(t.Context(), key).Err()
	if err == nil && len(data) > 0 {
		err = c.Set(t.Context(), key, data, time.Minute).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestPutScriptDecidesAsCondHolds is over what may be held: absent, foreign, cut
// and damaged values, and envelopes with instants on both sides of now.
func TestPutScriptDecidesAsCondHolds(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	r := rng()
	seen := map[store.CondKind][2]int{}
	for i := range 3000 {
		now := time.Now().Add(time.Duration(r.Int64N(1e6)))
		version := max(1, r.Uint64())
		data, meta := randomHeld(t, r, now, version)
		plant(t, c, prefix+"k", data)
		cond := store.Cond{
			Kind: []store.CondKind{store.IfVacant, store.IfGone, store.IfVersion}[r.IntN(3)], Now: now, Foreign: r.IntN(2) == 0,
		}
		if cond.Kind == store.IfVersion {
			// Versions that Lua could take for one another as numbers, too.
			cond.Version = store.NumberVersion(version ^ []uint64{0, 0, 0, 1, 1 << 63, version}[r.IntN(6)])
			if meta != nil && meta.Version.Text() != "" && r.IntN(4) > 0 {
				cond.Version = meta.Version
			}
		}
		want := cond.Holds(meta)
		got, ok, err := s.Put(t.Context(), "k", object("new"), cond)
		if err != nil {
			t.Fatal(err)
		}
		if ok != want || ok == got.IsZero() {
			t.Fatalf("case %d: Put under %+v over %q (%+v) = %v, %v; Holds says %v", i, cond, data, meta, got, ok, want)
		}
		after, err := c.Get(t.Context(), prefix+"k").Bytes()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
		if !ok && !bytes.Equal(after, data) {
			t.Fatalf("case %d: a Put that was refused changed %q to %q", i, data, after)
		}
		if ok {
			if obj := holds(t, s, "k", "new"); obj.Meta.Version != got {
				t.Fatalf("case %d: Put gave version %v, Get %v", i, got, obj.Meta.Version)
			}
		}
		n := seen[cond.Kind]
		if want {
			n[0]++
		} else {
			n[1]++
		}
		seen[cond.Kind] = n
	}
	for kind, n := range seen {
		if min(n[0], n[1]) < 100 {
			t.Errorf("%v held %d times and did not %d times; the cases are too much alike", kind, n[0], n[1])
		}
	}
}

// TestDamagedIsReplaced is about a header with one wrong bit, which only the
// checksum shows: it must not keep others out until it expires.
func TestDamagedIsReplaced(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	put(t, s, "k", object("v"))
	data, err := c.Get(t.Context(), prefix+"k").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	data[50] ^= 1 // in the hash
	plant(t, c, prefix+"k", data)
	meta, ok, err := s.Head(t.Context(), "k")
	if !ok || !meta.Damaged || err != nil {
		t.Fatalf("law 10: Head = %+v, %v, %v; want a damaged object", meta, ok, err)
	}
	cond := store.Cond{Kind: store.IfVersion, Version: meta.Version}
	if _, ok, err := s.Put(t.Context(), "k", object("new"), cond); !ok || err != nil {
		t.Fatalf("Put over what is damaged = %v, %v", ok, err)
	}
	if _, ok, err := s.Put(t.Context(), "k", object("newer"), cond); ok || err != nil {
		t.Fatalf("Put over another one = %v, %v", ok, err)
	}
	holds(t, s, "k", "new")
}

// TestDamagedIsNotForeign holds law 10 for who reads what others wrote: what is
// ours and damaged is no value of theirs.
func TestDamagedIsNotForeign(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	obj := object("v")
	ours, err := store.AppendEnvelope(nil, &obj.Meta, 1)
	if err != nil {
		t.Fatal(err)
	}
	cut := slices.Clone(ours[:len(ours)-1])
	later := slices.Clone(ours)
	later[4] = 2
	ours[50] ^= 1 // in the hash
	for _, test := range []struct {
		data string
		want store.Meta
	}{
		{"what somebody else wrote", store.Meta{Foreign: true}},
		{string(ours) + "v", store.Meta{Damaged: true}},
		{string(ours) + strings.Repeat("v", 1000), store.Meta{Damaged: true}},
		{string(cut), store.Meta{Damaged: true}},
		{string(cut[:90]), store.Meta{Damaged: true}},
		{"advc", store.Meta{Damaged: true}},
		{string(later) + "v", store.Meta{Encoding: store.LaterFormat}},
		{string(later) + strings.Repeat("v", 1000), store.Meta{Encoding: store.LaterFormat}},
	} {
		plant(t, c, prefix+"k", []byte(test.data))
		for _, want := range []store.Want{{Foreign: true}, {Foreign: true, Hash: store.Hash{1}}} {
			obj, ok, err := s.Get(t.Context(), "k", want)
			m := obj.Meta
			if err != nil || !ok || m.Foreign != test.want.Foreign || m.Damaged != test.want.Damaged || m.Encoding != test.want.Encoding {
				t.Errorf("law 10: %.40q: Get = %+v, %v, %v; want %+v", test.data, m, ok, err, test.want)
			}
			if body := string(obj.Body); m.Foreign && body != test.data || !m.Foreign && body != "" {
				t.Errorf("law 10: %.40q: Get moves the body %.40q", test.data, body)
			}
		}
	}
}

// TestTouchScriptDecidesAsSameContent is the same for Touch.
func TestTouchScriptDecidesAsSameContent(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	r := rng()
	touched := 0
	for i := range 3000 {
		now := time.Now()
		version := max(1, r.Uint64())
		data, meta := randomHeld(t, r, now, version)
		plant(t, c, prefix+"k", data)
		next := randomMeta(r, now)
		if meta != nil && r.IntN(3) > 0 {
			next.Hash, next.Encoding, next.Schema, next.Tags, next.Absent = meta.Hash, meta.Encoding, meta.Schema, meta.Tags, meta.Absent
		}
		next.FreshUntil, next.HeldUntil = now.Add(time.Hour), time.Time{}
		cond := store.Cond{Now: now}
		if r.IntN(2) == 0 {
			cond.Kind, cond.Version = store.IfVersion, store.NumberVersion(version^uint64(r.IntN(4)/3))
		}
		want := meta != nil && meta.SameContent(&next) && !meta.GoneAt(now) && cond.Holds(meta)
		ok, err := s.Touch(t.Context(), "k", next, cond)
		if err != nil || ok != want {
			t.Fatalf("case %d: Touch with %+v under %+v over %+v = %v, %v; want %v", i, next, cond, meta, ok, err, want)
		}
		after, err := c.Get(t.Context(), prefix+"k").Bytes()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
		if !ok {
			if !bytes.Equal(after, data) {
				t.Fatalf("case %d: a Touch that was refused changed %q to %q", i, data, after)
			}
			continue
		}
		touched++
		got, body, err := store.ParseEnvelope(after)
		if err != nil || !bytes.HasSuffix(data, body) || store.Millis(got.FreshUntil) != store.Millis(next.FreshUntil) ||
			got.Version == meta.Version || got.Encoding != meta.Encoding {
			t.Fatalf("case %d: after Touch of %+v, Redis holds %+v, %q, %v", i, meta, got, body, err)
		}
	}
	if touched < 100 {
		t.Errorf("%d of 3000 were touched; the cases are too much alike", touched)
	}
}

// TestScriptsSurviveScriptFlush is about servers that forget scripts: after a
// restart, and on a replica that becomes the master.
func TestScriptsSurviveScriptFlush(t *testing.T) {
	c := own(t).client(t)
	s := redisstore.New(c, nil)
	obj := object("v")
	for range 3 {
		if err := c.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.Put(t.Context(), "k", obj, store.Cond{Kind: store.IfVacant}); !ok || err != nil {
			t.Fatalf("Put = %v, %v", ok, err)
		}
		if err := c.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if ok, err := s.Touch(t.Context(), "k", obj.Meta, store.Cond{}); !ok || err != nil {
			t.Fatalf("Touch = %v, %v", ok, err)
		}
		if err := s.Delete(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLostAnswer is about a connection that breaks after the server has done its
// work: go-redis sends the command again, and must not be told that somebody
// else was faster.
func TestLostAnswer(t *testing.T) {
	target := single(t)
	p := newProxy(t, target.addr())
	c := redis.NewClient(&redis.Options{Addr: p.addr(), MaxRetries: 3})
	defer c.Close()
	s, _ := newStore(c)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// So that the server knows the scripts, and the client has a connection.
	first := put(t, s, "k", object("first"))
	for range 20 {
		if _, ok, err := s.Put(ctx, "k", object("other"), store.Cond{Kind: store.IfVacant}); ok || err != nil {
			t.Fatalf("Put over what is fresh = %v, %v", ok, err)
		}
		if ok, err := s.Touch(ctx, "absent", object("").Meta, store.Cond{}); ok || err != nil {
			t.Fatalf("Touch of nothing = %v, %v", ok, err)
		}
		p.swallow.Store(true)
		second, ok, err := s.Put(ctx, "k", object("second"), store.Cond{Kind: store.IfVersion, Version: first})
		if !ok || err != nil || p.swallow.Load() {
			t.Fatalf("Put with a lost answer = %v, %v, swallowed %v; want true", ok, err, !p.swallow.Load())
		}
		p.swallow.Store(true)
		ok, err = s.Touch(ctx, "k", object("second").Meta, store.Cond{Kind: store.IfVersion, Version: second})
		if !ok || err != nil || p.swallow.Load() {
			t.Fatalf("Touch with a lost answer = %v, %v, swallowed %v; want true", ok, err, !p.swallow.Load())
		}
		first = holds(t, s, "k", "second").Meta.Version
	}
}
