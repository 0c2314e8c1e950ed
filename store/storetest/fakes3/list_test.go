package fakes3

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// listedAtOnce is the whole of a listing, as the documentation says it.
func listedAtOnce(keys []string, prefix, delimiter, after string) (all []string) {
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) || key <= after && after != "" {
			continue
		}
		name := key
		if before, _, ok := strings.Cut(key[len(prefix):], delimiter); ok && delimiter != "" {
			name = prefix + before + delimiter
		}
		if name != after && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// TestPages holds that pages of any size are the whole, in any bucket.
func TestPages(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		b := make([]byte, chance.IntN(n))
		for i := range b {
			b[i] = "ab/"[chance.IntN(3)]
		}
		return string(b)
	}
	for range 2000 {
		set := newBucket()
		for range chance.IntN(20) {
			set.put("k"+word(5), &Object{})
		}
		keys := set.sorted()
		prefix, delimiter := []string{"", "k", "k" + word(3)}[chance.IntN(3)], []string{"", "/", "a", "//"}[chance.IntN(4)]
		after := []string{"", "k" + word(5)}[chance.IntN(2)]
		want := listedAtOnce(keys, prefix, delimiter, after)
		size := 1 + chance.IntN(4)
		var got []string
		for marker, more := after, true; more; {
			page := pageOf(keys, prefix, delimiter, marker, size)
			if len(page.names) > size || page.more && len(page.names) < size {
				t.Fatalf("a page of %d has %d", size, len(page.names))
			}
			for _, name := range page.names {
				got = append(got, name.text)
			}
			marker, more = page.last, page.more
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q with %q, %q after %q in pages of %d: got %q, want %q", keys, prefix, delimiter, after, size, got, want)
		}
	}
}

func TestListParameters(t *testing.T) {
	s := newTestServer(nil)
	for query, code := range map[string]string{
		"max-keys=-1": "InvalidArgument", "max-keys=many": "InvalidArgument", "encoding-type=base64": "InvalidArgument",
		"continuation-token=": "InvalidArgument", "continuation-token=%2A": "InvalidArgument",
	} {
		wantCode(t, ask(t, s, "GET", testURL+"?list-type=2&"+query, ""), 400, code)
	}
	wantCode(t, ask(t, s, "GET", "https://absent.s3.test/?list-type=2", ""), 404, "NoSuchBucket")
}

// TestXML holds that control characters are what XML 1.1 has for them, and the
// rest is escaped.
func TestXML(t *testing.T) {
	d := newDocument("Root")
	d.text("Key", "a\x01\r<&\">é")
	want := `<Key>a&#x1;&#xd;&lt;&amp;&quot;&gt;é</Key></Root>`
	if got := string(d.answer(nil).body); !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"a%20b%2B%2F%C3%BC", "v")
	r := ask(t, s, "GET", testURL+"?list-type=2&encoding-type=url&prefix=a%20", "")
	for _, want := range []string{"<Key>a+b%2B/%C3%BC</Key>", "<Prefix>a+</Prefix>", "<EncodingType>url</EncodingType>", "<Size>1</Size>"} {
		if !strings.Contains(r.body, want) {
			t.Errorf("no %s in %s", want, r.body)
		}
	}
}

func BenchmarkList(b *testing.B) {
	s := newTestServer(nil)
	for i := range 100_000 {
		s.Plant("my-bucket", fmt.Sprint(i), Object{})
	}
	s.Keys("my-bucket")
	for b.Loop() {
		wantStatus(b, ask(b, s, "GET", testURL+"?list-type=2&start-after=5", ""), 200)
	}
}
