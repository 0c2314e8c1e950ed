package advcache_test

import (
	"errors"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

// keyLaw is what these tests hold the templates to.
const keyLaw = "law 9: keys are injective within a store"

type (
	keyName  string
	keyLevel int8
	keyUUID  [4]byte
	keyPoint struct{ X, Y int }
	keyFails struct{ ID int }
	keyShown struct {
		id string `cache:"id"`
	}

	keyUser struct {
		Tenant string
		ID     int
	}
	keyTagged struct {
		Tenant string `cache:"tenant"`
		id     uint16 `cache:"user id"`
		Trace  string `cache:"-"`
		_      int32
	}
	keyAllKinds struct {
		S       string
		B       bool
		I       int
		I8      int8
		I16     int16
		I32     int32
		I64     int64
		U       uint
		U8      uint8
		U16     uint16
		U32     uint32
		U64     uint64
		P       uintptr
		private keyName
		UUID    keyUUID
		addr    netip.Addr
		big     *big.Int
	}
)

var errKeyFails = errors.New("no text today")

// String and MarshalText are there to be ignored: a string goes by its value.
func (keyName) String() string               { return "wrong" }
func (keyName) MarshalText() ([]byte, error) { return nil, errKeyFails }

// MarshalText has a pointer receiver, which a value in a struct has as well.
func (u *keyUUID) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(hexOf(u[:]))), nil }

func (p keyPoint) MarshalText() ([]byte, error) {
	return []byte(hexOf([]byte{byte(p.X), byte(p.Y)})), nil
}

func (keyShown) MarshalText() ([]byte, error) { return nil, errKeyFails }
func (keyFails) MarshalText() ([]byte, error) { return []byte("half"), errKeyFails }

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

// keyOf returns the key of k, which must parse and be made without an error.
func keyOf[K comparable](t testing.TB, template string, k K) string {
	t.Helper()
	key, err := parseKey[K](t, template).Key(k)
	if err != nil {
		t.Fatalf("Key(%v): %v", k, err)
	}
	return key
}

func parseKey[K comparable](t testing.TB, template string) *advcache.KeyTemplate[K] {
	t.Helper()
	kt, err := advcache.ParseKey[K](template)
	if err != nil {
		t.Fatalf("ParseKey[%T](%q): %v", *new(K), template, err)
	}
	return kt
}

func TestKeys(t *testing.T) {
	all := keyAllKinds{
		"a b", true, -1, math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64,
		1, math.MaxUint8, math.MaxUint16, math.MaxUint32, math.MaxUint64, 7,
		"ü",
		keyUUID{1, 2, 3, 0xff},
		netip.MustParseAddr("::1%eth0"), big.NewInt(-5),
	}
	for _, test := range []struct{ name, got, want string }{
		{"string", keyOf(t, "user:{}", "ann"), "user:ann"},
		{"ordinary characters", keyOf(t, "user:{}", "a-Z_0.9~@"), "user:a-Z_0.9~@"},
		{"other bytes", keyOf(t, "user:{}", "a/b%:é\x00\xff "), "user:a%2Fb%25%3A%C3%A9%00%FF%20"},
		{"empty", keyOf(t, "user:{}", ""), "user:%~"},
		{"dot", keyOf(t, "user/{}", "."), "user/%2E"},
		{"two dots", keyOf(t, "user/{}", ".."), "user/%2E%2E"},
		{"three dots", keyOf(t, "user/{}", "..."), "user/..."},
		{"name of a scalar's placeholder is free", keyOf(t, "user:{anything at 50%}", 42), "user:42"},
		{"placeholder alone", keyOf(t, "{}", int64(-7)), "-7"},
		{"text on both sides", keyOf(t, "users/{UserID}/profile", 123), "users/123/profile"},
		{"braces", keyOf(t, "a{{b}}{}}}", 1), "a{b}1}"},
		{"text as it stands", keyOf(t, "Größe #{}", 1), "Größe #1"},
		{"bool", keyOf(t, "on:{}", true), "on:true"},
		{"named string with methods", keyOf(t, "n:{}", keyName("x")), "n:x"},
		{"named integer", keyOf(t, "l:{}", keyLevel(-3)), "l:-3"},
		{"duration", keyOf(t, "d:{}", time.Second), "d:1000000000"},
		{"MarshalText of the value", keyOf(t, "ip:{addr}", netip.MustParseAddr("fe80::1")), "ip:fe80%3A%3A1"},
		{"empty text", keyOf(t, "ip:{}", netip.Addr{}), "ip:%~"},
		{"MarshalText of the pointer", keyOf(t, "id:{}", keyUUID{0xab, 1}), "id:AB010000"},
		{"pointer", keyOf(t, "n:{}", big.NewInt(12)), "n:12"},
		{"struct as a value", keyOf(t, "p:{}", keyPoint{1, 2}), "p:0102"},
		{"the same struct by fields", keyOf(t, "p:{X}:{Y}", keyPoint{1, 2}), "p:1:2"},
		{"exported field before MarshalText", keyOf(t, "f:{ID}", keyFails{3}), "f:3"},
		{"tagged field before MarshalText", keyOf(t, "s:{id}", keyShown{"a"}), "s:a"},
		{"struct", keyOf(t, "t/{Tenant}/u/{ID}", keyUser{"acme", 7}), "t/acme/u/7"},
		{"fields in another order", keyOf(t, "{ID}/{Tenant}", keyUser{"a/b", 7}), "7/a%2Fb"},
		{"tags", keyOf(t, "{tenant}/{user id}", keyTagged{Tenant: "a", id: 9, Trace: "x"}), "a/9"},
		{"struct of one field", keyOf(t, "x:{}", struct{ A bool }{true}), "x:true"},
		{"embedded value that is no struct", keyOf(t, "x:{keyLevel}", struct{ keyLevel }{5}), "x:5"},
		{"embedded type with MarshalText", keyOf(t, "{Addr}:{P}", struct {
			netip.Addr
			P uint16
		}{netip.MustParseAddr("10.0.0.1"), 80}), "10.0.0.1:80"},
		{"no placeholder", keyOf(t, "settings", struct{}{}), "settings"},
		{"all fields left out", keyOf(t, "settings", struct {
			Log *strings.Builder `cache:"-"`
		}{}), "settings"},
		{
			"all kinds",
			keyOf(t, "{S}/{B}/{I}/{I8}/{I16}/{I32}/{I64}/{U}/{U8}/{U16}/{U32}/{U64}/{P}/{private}/{UUID}/{addr}/{big}!", all),
			"a%20b/true/-1/-128/-32768/-2147483648/-9223372036854775808/" +
				"1/255/65535/4294967295/18446744073709551615/7/%C3%BC/010203FF/%3A%3A1%25eth0/-5!",
		},
	} {
		if test.got != test.want {
			t.Errorf("%s: key %q, want %q", test.name, test.got, test.want)
		}
	}
}

func TestKeyAppend(t *testing.T) {
	kt := parseKey[keyUser](t, "t/{Tenant}/u/{ID}")
	if got := kt.String(); got != "t/{Tenant}/u/{ID}" {
		t.Errorf("String() = %q", got)
	}
	got, err := kt.Append([]byte("before "), keyUser{"a", 1})
	if err != nil || string(got) != "before t/a/u/1" {
		t.Errorf("Append = %q, %v; want what was there, then the key", got, err)
	}
}

func TestKeyErrorOfMarshalText(t *testing.T) {
	kt := parseKey[struct {
		A string
		F keyFails
	}](t, "x:{A}:{F}")
	dst, err := kt.Append([]byte("before"), struct {
		A string
		F keyFails
	}{A: "a"})
	if string(dst) != "before" {
		t.Errorf("Append with an error returned %q, want dst as it was", dst)
	}
	op, ok := errors.AsType[*advcache.OpError](err)
	if !ok || op.Op != "key" || op.Backend != "x:{A}:{F}" || !errors.Is(op.Err, errKeyFails) {
		t.Errorf("Append gave %#v, want an OpError of the template with the error of MarshalText", err)
	}

	key, err := parseKey[*big.Int](t, "n:{}").Key(nil)
	if op, ok := errors.AsType[*advcache.OpError](err); key != "" || !ok || op.Op != "key" {
		t.Errorf("Key(nil) = %q, %v; want an OpError", key, err)
	} else if want := "advcache: n:{} key: nil *big.Int has no text"; err.Error() != want {
		t.Errorf("Key(nil) says %q, want %q", err, want)
	}
}

// A MarshalText that changes its receiver changes a copy.
func TestKeyMarshalsACopy(t *testing.T) {
	k := keyGreedy{n: new(int)}
	kt := parseKey[keyGreedy](t, "g:{}")
	for range 2 {
		if key, err := kt.Key(k); err != nil || key != "g:1" {
			t.Errorf("Key = %q, %v; want g:1 each time", key, err)
		}
	}
	if *k.n != 2 {
		t.Errorf("MarshalText ran %d times, want 2", *k.n)
	}
}

type keyGreedy struct {
	n     *int
	calls byte
}

func (g *keyGreedy) MarshalText() ([]byte, error) {
	*g.n++
	g.calls++
	return []byte{'0' + g.calls}, nil
}
