package ratelog_test

import (
	"strings"
	"testing"

	"github.com/advcache/advcache/internal/ratelog"
)

func TestShort(t *testing.T) {
	long := strings.Repeat("k", ratelog.MostOfKey)
	for _, key := range []struct{ in, head, more string }{
		{"", "", ""},
		{"k", "k", ""},
		{long, long, ""},
		{long + "k", long, "… (129 bytes)"},
		{long[1:] + "é", long[1:], "… (129 bytes)"},
		{long[2:] + "\U0001f642", long[2:], "… (130 bytes)"},
		{long[1:] + "\xff\xff", long[1:] + "\xff", "… (129 bytes)"},
		{strings.Repeat("\x80", 1<<20), strings.Repeat("\x80", 128), "… (1048576 bytes)"},
	} {
		if head, more := ratelog.Short(key.in); head != key.head || more != key.more {
			t.Errorf("Short(%.200q) = %q, %q; want %q, %q", key.in, head, more, key.head, key.more)
		}
	}
	if got := ratelog.Key(long + "k").String(); got != "key="+long+"… (129 bytes)" {
		t.Errorf("Key = %s", got)
	}
}
