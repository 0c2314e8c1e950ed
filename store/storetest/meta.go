package storetest

import (
	"strings"
	"time"

	"github.com/advcache/advcache/store"
)

// metaChecks are about each field of a Meta on its way through the backend.
var metaChecks = []check{
	{
		name: "None", law: lawReadBack, says: "an object with a body alone stays one",
		run: func(e *env) { e.keeps(store.Meta{}) },
	},
	{
		name: "Instants", law: lawReadBack, says: "each instant is kept to the millisecond, alone and beside the others",
		run: func(e *env) {
			now := time.Now()
			for n := range 16 { // each set of the four
				var m store.Meta
				for i, part := range instants(&m) {
					if n>>i&1 != 0 {
						*part.at = now.Add(time.Duration(i+1)*long + time.Duration(i)*time.Millisecond)
					}
				}
				e.keeps(m)
			}
		},
	},
	{
		name: "NotLater", law: lawCopy, says: "instants between two milliseconds become no later",
		run: func(e *env) {
			whole := time.Now().Add(long).Truncate(time.Second)
			for _, part := range []time.Duration{1, 499_999, 500_000, 999_999, time.Millisecond - 1, 999*time.Millisecond + 999_999, 1_000_001} {
				var m store.Meta
				for i, end := range instants(&m) {
					*end.at = whole.Add(time.Duration(i)*time.Hour + part)
				}
				e.keeps(m)
				got := e.head("k")
				ends := instants(&m)
				for i, end := range instants(&got) {
					if end.at.After(*ends[i].at) {
						e.Fatalf("%s = %s; it was put as %s", end.name, instant(*end.at), instant(*ends[i].at))
					}
				}
			}
		},
	},
	{
		name: "FarInstants", law: lawReadBack, says: "instants may be far away",
		run: func(e *env) {
			for _, at := range []time.Time{
				time.Now().Add(100 * 365 * 24 * time.Hour),
				time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), // beyond 64 bits of nanoseconds
				time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
			} {
				e.keeps(store.Meta{FreshUntil: at})
				e.keeps(store.Meta{HeldUntil: at})
				e.keeps(store.Meta{FreshUntil: time.Now().Add(long), StaleUntil: at})
			}
			e.keeps(store.Meta{CreatedAt: time.UnixMilli(1)})
			e.keeps(store.Meta{CreatedAt: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)})
		},
	},
	{
		name: "Zones", law: lawReadBack, says: "an instant is the same in every time zone",
		run: func(e *env) {
			now := time.Now().Add(long)
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600-1800)} {
				e.keeps(store.Meta{CreatedAt: now.In(zone), FreshUntil: now.In(zone)})
			}
		},
	},
	{
		name: "Tags", law: lawReadBack, says: "tags are kept, in their order, whatever they contain",
		run: func(e *env) {
			for _, tags := range [][]string{
				{"a"},
				{"a", "b"},
				{"b", "a"},
				{"a", "a"},
				{""},
				{"", ""},
				{"", "a", ""},
				{"a,b"},
				{"a", "b,", ",c"},
				{","},
				{" "},
				{" a "},
				{"user:1", "ключ", "日本語", "\U0001f642"},
				{"a b", "a+b", "a%2Bb", "%", "%zz"},
				{"a\nb", "a\r\n", "\x00", "\x7f"},
				{`"`, `\`, "'", "{}", "=", ";", "&", "#"},
				{strings.Repeat("long", 100)},
				strings.Split(strings.Repeat("tag,", 60)+"end", ","),
			} {
				e.keeps(store.Meta{Tags: tags})
			}
		},
	},
	{
		name: "Hash", law: lawReadBack, says: "all bytes of the hash are kept",
		run: func(e *env) {
			var ones, first, last store.Hash
			for i := range ones {
				ones[i] = 0xff
			}
			first[0], last[len(last)-1] = 1, 1
			for _, hash := range []store.Hash{hashOf("v"), ones, first, last} {
				e.keeps(store.Meta{Hash: hash})
			}
		},
	},
	{
		name: "Encoding", law: lawReadBack, says: "the encoding is kept",
		run: func(e *env) {
			for _, encoding := range []string{
				"raw", "json", "msgpack", "json+gzip", "msgpack+zstd", "raw+aesgcm.2024-01", "json+gzip+aesgcm.k", "user.defined-codec_1",
				strings.Repeat("e", maxWord),
			} {
				e.keeps(store.Meta{Encoding: encoding})
			}
		},
	},
	{
		name: "Schema", law: lawReadBack, says: "the schema is kept, whatever it contains",
		run: func(e *env) {
			for _, schema := range []string{
				"1", "users/v2", "0", " ", " a ", "a+b c%20d", "схема", "日本語", "a\nb", "\x00", "a,b=c;d", "json", "null", strings.Repeat("s", maxWord),
			} {
				e.keeps(store.Meta{Schema: schema})
			}
		},
	},
	{
		name: "Absent", law: lawReadBack, says: "Absent is kept",
		run: func(e *env) {
			obj := store.Object{Meta: store.Meta{Absent: true}}
			e.put("k", obj)
			e.holds("k", obj)
		},
	},
	{
		name: "Together", law: lawReadBack, says: "all of the Meta is kept together",
		run: func(e *env) {
			now := time.Now()
			e.keeps(store.Meta{
				CreatedAt: now.Add(-time.Hour), FreshUntil: now.Add(long), StaleUntil: now.Add(2 * long), HeldUntil: now.Add(long / 2),
				Tags: []string{"a", "", "c,d", "ключ"}, Hash: hashOf("v"), Encoding: "json+gzip+aesgcm.key-1", Schema: "users/v2 — new",
			})
		},
	},
	{
		name: "Apart", law: lawReadBack, says: "each key has a Meta of its own",
		run: func(e *env) {
			objs := make(map[string]store.Object)
			for i := range 20 {
				key := numbered(i)
				objs[key] = with(lives(key, long+time.Duration(i)*time.Second, time.Duration(i)*time.Minute), func(m *store.Meta) {
					m.Tags, m.Schema, m.Encoding = make([]string, i), key, "codec-"+key
				})
				e.put(key, objs[key])
			}
			for key, obj := range objs {
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "Hostile", law: lawReadBack, says: "a Meta that is too much for the backend is refused with an error, or kept as it is",
		run: func(e *env) {
			for what, m := range map[string]store.Meta{
				"a schema of 256 bytes":           {Schema: strings.Repeat("s", 256)},
				"a schema of 100 KiB":             {Schema: strings.Repeat("s", 100<<10)},
				"an encoding of 100 KiB":          {Encoding: strings.Repeat("e", 100<<10)},
				"an encoding with a line end":     {Encoding: "json\r\nac-absent: 1"},
				"a schema that is not UTF-8":      {Schema: "a\xffb"},
				"tags that are not UTF-8":         {Tags: []string{"\xff", "\xed\xa0\x80"}},
				"a tag of 70,000 bytes":           {Tags: []string{strings.Repeat("t", 70_000)}},
				"tags of 1 MiB":                   {Tags: strings.Split(strings.Repeat(strings.Repeat("t", 1023)+",", 1<<10), ",")},
				"70,000 tags":                     make70000(),
				"instants before 1970":            {CreatedAt: time.Unix(-1e9, 0)},
				"a life that was over in 1960":    {FreshUntil: time.Unix(-3e8, 0)},
				"an end in the year 200,000,000":  {FreshUntil: time.Unix(6e15, 0)},
				"StaleUntil without FreshUntil":   {StaleUntil: time.Now().Add(long)},
				"a hash without content":          {Hash: hashOf("other")},
				"all ends before the beginning":   {CreatedAt: time.Now().Add(2 * long), FreshUntil: time.Now().Add(long), HeldUntil: time.Now().Add(long)},
				"a schema that looks like a Meta": {Schema: "ac-format: 1\r\nac-absent: 1", Tags: []string{"ac-tags", "ac-fresh=1"}},
			} {
				e.Moment = what
				e.delete("k")
				obj := store.Object{Meta: m, Body: []byte("v")}
				_, ok, err := e.store.Put(e.Context(), "k", obj, store.Cond{})
				if err == nil && !ok {
					e.Fatalf("Put without a condition = false, nil")
				}
				got, found := e.get("k", store.Want{Stale: true})
				switch {
				case found && got.Meta.Foreign:
					e.Fatalf("Put = %v, and what is held is Foreign", err)
				case found:
					e.is("Get", "k", got, obj)
				case err == nil && !m.GoneAt(time.Now()):
					e.Fatalf("Put gave no error, and nothing is found")
				}
			}
			e.Moment = "after all that"
			obj := lives("v", long, 0)
			e.put("k", obj)
			e.fresh("k", obj)
		},
	},
}

// maxWord is how long an encoding and a schema may be in every backend.
const maxWord = 255

func make70000() store.Meta { return store.Meta{Tags: make([]string, 70_000)} }

// keeps puts an object with m, which is not gone, and wants it back.
func (e *env) keeps(m store.Meta) {
	e.Helper()
	obj := store.Object{Meta: m, Body: []byte("v")}
	e.put("k", obj)
	e.holds("k", obj)
}

// bodyChecks are about bodies on their way through the backend.
var bodyChecks = []check{
	{
		name: "Sizes", law: lawReadBack, says: "a body of any size comes back as it is",
		run: func(e *env) {
			for _, size := range []int{0, 1, 2, 3, 95, 96, 100, 255, 256, 1023, 4096, 1 << 16, 1<<16 + 1, 1 << 20} {
				if most := e.store.Info().MaxSize; most > 0 && int64(size) > most {
					continue
				}
				obj := lives(bytesOf(size), long, 0)
				e.put("k", obj)
				e.fresh("k", obj)
			}
		},
	},
	{
		name: "LargestAllowed", law: lawReadBack, says: "a body may have as many bytes as Info.MaxSize says",
		run: func(e *env) {
			most := e.store.Info().MaxSize
			if most == 0 || most > 4<<20 {
				return // Sizes says enough
			}
			obj := lives(bytesOf(int(most)), long, 0)
			e.put("k", obj)
			e.fresh("k", obj)
		},
	},
	{
		name: "AllBytes", law: lawReadBack, says: "a body may contain every byte, anywhere",
		run: func(e *env) {
			var all []byte
			for b := range 256 {
				all = append(all, byte(b))
			}
			for _, content := range []string{
				string(all), strings.Repeat("\x00", 1000), "\r\n", "\n", "a\r\n\r\nb", "\x00", " ", "\xff\xfe", "\x1f\x8b", "\x28\xb5\x2f\xfd", "\ufeff{}",
				"null", "nil", "OK", "$-1\r\n", "0", "-1", "advc", "advc\x01\x00\x00\x00", strings.Repeat("%s", 100),
			} {
				obj := lives(content, long, 0)
				e.put("k", obj)
				e.fresh("k", obj)
			}
		},
	},
	{
		name: "Empty", law: lawReadBack, says: "an empty body, nil or not, is one of an object with a value",
		run: func(e *env) {
			for _, body := range [][]byte{nil, {}} {
				obj := lives("", long, 0)
				obj.Body = body
				e.put("k", obj)
				e.fresh("k", obj)
				if got := e.found("k", store.Want{}); got.Meta.Absent {
					e.Fatalf("Get = %s; want one that is not Absent", describe(got))
				}
			}
		},
	},
	{
		name: "Nested", law: lawReadBack, says: "a body that looks like what the backend writes is a body",
		run: func(e *env) {
			inner := lives("inner", long, long)
			header, err := store.AppendEnvelope(nil, &inner.Meta, 42)
			if err != nil {
				e.Fatalf("AppendEnvelope = %v", err)
			}
			for _, content := range []string{string(header) + "inner", string(header), string(header[:store.EnvelopeFixed]), string(header) + string(header)} {
				obj := lives(content, 2*long, 0)
				e.put("k", obj)
				e.fresh("k", obj)
			}
		},
	},
	{
		name: "Shrinks", law: lawReadBack, says: "a body that replaces a longer one has no rest of it",
		run: func(e *env) {
			for _, size := range []int{60_000, 30_000, 1000, 10, 1, 0, 5} {
				obj := lives(bytesOf(size), long, 0)
				e.put("k", obj)
				e.fresh("k", obj)
			}
		},
	},
}

// bytesOf returns size bytes that repeat late, and compress badly.
func bytesOf(size int) string {
	b := make([]byte, size)
	x := uint32(size)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x >> 8)
	}
	return string(b)
}
