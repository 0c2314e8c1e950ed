package s3store_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestPrefixes is law 9: where a prefix begins another one in a bucket, the log
// says so.
func TestPrefixes(t *testing.T) {
	client := newClient(fakes3.New(nil))
	said := new(bytes.Buffer)
	logger := slog.New(slog.NewTextHandler(said, nil))
	for _, prefix := range []string{"users/", "reports/", "users/"} {
		s3store.New(client, bucket, &s3store.Options{Prefix: prefix, Logger: logger})
	}
	if said.Len() > 0 {
		t.Errorf("law 9: of prefixes that are apart, it says %q", said)
	}
	s3store.New(client, bucket, &s3store.Options{Prefix: "users/old/", Logger: logger})
	if text := said.String(); !strings.Contains(text, "users/old/") || !strings.Contains(text, "[users/]") || strings.Count(text, "\n") != 1 {
		t.Errorf("law 9: it says %q; want one line with both prefixes", text)
	}
}
