package codec

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// plainScan is msgpackScan without what makes it fast: it returns where the value
// that data begins with ends, and where the bytes of extensions begin.
func plainScan(data []byte, pos, depth int, exts *[]int) (end int, ok bool) {
	if pos >= len(data) {
		return 0, false
	}
	f := msgpackForms[data[pos]]
	pos++
	n := int64(f.fixed)
	for range f.size {
		if pos == len(data) {
			return 0, false
		}
		n = n<<8 | int64(data[pos])
		pos++
	}
	if n > int64(len(data)) { // of each element or byte one must be there
		return 0, false
	}
	switch f.kind {
	case msgpackScalar:
		return pos + int(n), pos+int(n) <= len(data)
	case msgpackExt:
		if pos == len(data) || checkExt(data[pos], n) != nil {
			return 0, false
		}
		*exts = append(*exts, pos+1)
		return pos + 1 + int(n), pos+1+int(n) <= len(data)
	case msgpackMap:
		n *= 2
	case msgpackArray:
	default:
		return 0, false
	}
	if depth == maxDepth {
		return 0, false
	}
	for range n {
		if pos, ok = plainScan(data, pos, depth+1, exts); !ok {
			return 0, false
		}
	}
	return pos, true
}

func checkScan(t *testing.T, data []byte) {
	t.Helper()
	var s msgpackScan
	err := s.do(data)
	var exts []int
	end, ok := plainScan(data, 0, 0, &exts)
	if ok = ok && end == len(data); ok != (err == nil) {
		t.Fatalf("law 10: %.100q: the scan says %v, want an error: %t", data, err, !ok)
	}
	if ok && !slices.Equal(s.exts, exts) {
		t.Fatalf("law 10: %.100q: extensions at %v, want %v", data, s.exts, exts)
	}
}

// scanned are values that make the scan foresee keys, rightly and wrongly.
func scanned() (all [][]byte) {
	add := func(parts ...string) { all = append(all, []byte(strings.Join(parts, ""))) }
	var wide strings.Builder
	for i := range 20 {
		fmt.Fprintf(&wide, "\xa2%02d\xcd\x00\x01", i)
	}
	add("\x80")
	add("\x81\x00\xa0")                                                  // a key 0 where "" is foreseen
	add("\x92\x82\xa1a\x01\xa2bc\xa3def\x82\xa1x\xc2\xa2yz\xcb12345678") // foreseen
	add("\x92\x82\xa1a\x01\xa2bc\xff\x82\xa2xy\xa1z\xa1y\xd1\x00\x00")   // not foreseen
	add("\x92\x81\xa1a\x01\x81\x01\xa1a")                                // not a string
	add("\x82\xa1a\x92\x81\xa1b\x02\x81\xa1b\xc0\xa1c\x81\xd9\x01d\x05") // within one another
	add("\xde\x00\x14", wide.String())
	add("\xdf\x00\x00\x00\x14", wide.String())
	add("\x82\xa1a\xd6\xff1234\xa1b\xc7\x0c\xff123456789012")
	add("\x93\x81\xa1a\xc4\x02xy\x81\xa1a\xda\x00\x02xy\x81\xa1a\xca1234")
	return all
}

// TestScan holds that the scan finds what a plain one does, in values that are
// whole, cut, longer, and changed in each byte.
func TestScan(t *testing.T) {
	for _, data := range scanned() {
		if err := new(msgpackScan).do(data); err != nil {
			t.Errorf("%q: %v", data, err)
		}
		for i := range data {
			checkScan(t, data[:i])
			wrong := bytes.Clone(data)
			for b := range 256 {
				wrong[i] = byte(b)
				checkScan(t, wrong)
			}
		}
		checkScan(t, append(bytes.Clone(data), 0))
	}
	for _, n := range []int{maxDepth, maxDepth + 1} {
		for _, open := range []string{"\x91", "\x81\xa1a", "\x81\x01"} {
			checkScan(t, []byte(strings.Repeat(open, n)+"\x01"))
		}
	}
}

func FuzzMsgpackScan(f *testing.F) {
	for _, data := range scanned() {
		f.Add(data)
	}
	f.Fuzz(checkScan)
}

// BenchmarkScan is of structs, which maps of the same keys are.
func BenchmarkScan(b *testing.B) {
	colors := []string{"\xa3red", "\xa5white", "\xa4navy", "\xacforest green", "\xaalight grey"}
	for _, n := range []int{1 << 10, 64 << 10} {
		var data []byte
		for i := 0; len(data) < n; i++ {
			data = fmt.Appendf(data, "\x84\xa3sku\xb1SKU-00000001-%04d\xa5color%s\xa5price\xcd\x12\x34\xa5stock\xcd\x01\x02", i%10_000, colors[i%len(colors)])
		}
		count := bytes.Count(data, []byte("\x84"))
		data = append([]byte{0xdc, byte(count >> 8), byte(count)}, data...)
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			var s msgpackScan
			for b.Loop() {
				if err := s.do(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
