package codec_test

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/advcache/advcache/codec"
)

// TestCompressionInBubbles holds that users can test with testing/synctest: what
// is pooled in one bubble must not be touched from another one.
func TestCompressionInBubbles(t *testing.T) {
	for _, c := range []codec.Compression{codec.Gzip(0), codec.Zstd(0)} {
		for range 50 {
			synctest.Test(t, func(t *testing.T) {
				content := bytes.Repeat([]byte("content "), 1000)
				packed, err := c.Compress(nil, content)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := c.Decompress(nil, packed, 1<<20); err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%s: %d bytes, %v", c.Name(), len(got), err)
				}
			})
		}
	}
}
