package advcache_test

import (
	"encoding"
	"net/netip"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

type (
	keyBase    struct{ ID int }
	keyNested  struct{ Base keyBase }
	keyEmbeds  struct{ keyBase }
	keyAny     struct{ V any }
	keyFloat   struct{ Ratio float64 }
	keyFlags   struct{ On, Off bool }
	keyUints   struct{ A, B uint8 }
	keyInts    struct{ A, B int }
	keyStrings struct{ A, B string }

	// keyPromoted has the MarshalText of netip.Addr, which leaves out P.
	keyPromoted struct {
		netip.Addr

		P int
	}
	// keyPromotedTagged has that of time.Time, though the field is left out.
	keyPromotedTagged struct {
		time.Time `cache:"-"`

		ID int
	}
)

func parseKeyError[K comparable](template string) error {
	_, err := advcache.ParseKey[K](template)
	return err
}

func TestParseKeyErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string // after `advcache: key template `
	}{
		// The text.
		{"empty", parseKeyError[string](""), `"": it is empty; say what the keys are of, as in "user:{}"`},
		{"open brace", parseKeyError[string]("user:{"), `"user:{": the '{' at byte 5 has no '}'; close the placeholder, or write {{ for a brace`},
		{"brace in a name", parseKeyError[string]("user:{a{b}"), `"user:{a{b}": the '{' at byte 5 has no '}'; close the placeholder, or write {{ for a brace`},
		{"closing brace", parseKeyError[string]("user:}{}"), `"user:}{}": the '}' at byte 5 has no '{'; open the placeholder, or write }} for a brace`},
		{"odd braces", parseKeyError[string]("{{}"), `"{{}": the '}' at byte 2 has no '{'; open the placeholder, or write }} for a brace`},
		{"percent", parseKeyError[string]("a%2F{}"), `"a%2F{}": '%' at byte 1: it is the escape character of keys; write another character`},
		{"control", parseKeyError[string]("a\n{}"), `"a\n{}": control character U+000A at byte 1; write a printable one`},
		{"control in a name", parseKeyError[string]("{\x7f}"), `"{\x7f}": control character U+007F at byte 1; write a printable one`},
		{"UTF-8", parseKeyError[string]("a\xff{}"), `"a\xff{}": it is not valid UTF-8; some stores take no other keys`},

		// A K that is one value.
		{"no placeholder", parseKeyError[string]("users"), `"users": it has no placeholder for the string, so all values would have one key; add {}, as in "user:{}"; only struct{} needs none`},
		{"two placeholders", parseKeyError[keyLevel]("{A}/{B}"), `"{A}/{B}": it has 2 placeholders, but advcache_test.keyLevel is one value; leave one placeholder, or use a struct with a field for each`},
		{"float", parseKeyError[float64]("x:{}"), `"x:{}": the key is of type float64; use a string, an integer, a bool or a type with MarshalText`},
		{"complex", parseKeyError[complex64]("x:{}"), `"x:{}": the key is of type complex64; use a string, an integer, a bool or a type with MarshalText`},
		{"array", parseKeyError[[2]byte]("x:{}"), `"x:{}": the key is of type [2]uint8; use a string, an integer, a bool or a type with MarshalText`},
		{"chan", parseKeyError[chan int]("x:{}"), `"x:{}": the key is of type chan int; use a string, an integer, a bool or a type with MarshalText`},
		{"pointer", parseKeyError[*string]("x:{}"), `"x:{}": the key is of the pointer type *string; use what it points to`},
		{"interface", parseKeyError[any]("x:{}"), `"x:{}": the key is of the interface type interface {}: values of different types could give one key; use a concrete type`},
		{"interface with MarshalText", parseKeyError[encoding.TextMarshaler]("x:{}"), `"x:{}": the key is of the interface type encoding.TextMarshaler: values of different types could give one key; use a concrete type`},
		{"promoted MarshalText", parseKeyError[keyPromoted]("x:{}"), `"x:{}": advcache_test.keyPromoted embeds netip.Addr, whose MarshalText may leave out the fields beside it; write a placeholder for each field ({Addr}, {P}), or do not embed it`},
		{"promoted from a field left out", parseKeyError[keyPromotedTagged]("x:{}"), `"x:{}": advcache_test.keyPromotedTagged embeds time.Time, whose MarshalText may leave out the fields beside it; write a placeholder for each field ({ID}), or do not embed it`},
		{"promoted from an interface", parseKeyError[struct{ encoding.TextMarshaler }]("x:{}"), `"x:{}": struct { encoding.TextMarshaler } embeds encoding.TextMarshaler, whose MarshalText may leave out the fields beside it; write a placeholder for each field ({TextMarshaler}), or do not embed it`},

		// A struct K.
		{"unknown field", parseKeyError[keyUser]("user:{Name}"), `"user:{Name}": placeholder {Name} matches no field of advcache_test.keyUser; its fields are {Tenant}, {ID}`},
		{"Go name of a tagged field", parseKeyError[keyTagged]("{Tenant}/{user id}"), `"{Tenant}/{user id}": placeholder {Tenant} matches no field of advcache_test.keyTagged; its fields are {tenant}, {user id}`},
		{"field left out by its tag", parseKeyError[keyTagged]("{tenant}/{user id}/{Trace}"), `"{tenant}/{user id}/{Trace}": placeholder {Trace} matches no field of advcache_test.keyTagged; its fields are {tenant}, {user id}`},
		{"no name", parseKeyError[keyUser]("user:{}"), `"user:{}": placeholder {} does not say which field of advcache_test.keyUser it means; name each of its fields: {Tenant}, {ID}`},
		{"missing field", parseKeyError[keyUser]("user:{ID}"), `"user:{ID}": it leaves out {Tenant} of advcache_test.keyUser, so values that differ only there would have one key; add a placeholder for each field, or tag it cache:"-"`},
		{"no placeholder for fields", parseKeyError[keyUser]("users"), `"users": it leaves out {Tenant}, {ID} of advcache_test.keyUser, so values that differ only there would have one key; add a placeholder for each field, or tag it cache:"-"`},
		{"no placeholder for MarshalText", parseKeyError[netip.Prefix]("nets"), `"nets": it leaves out {ip}, {bitsPlusOne} of netip.Prefix, so values that differ only there would have one key; add a placeholder for each field, or tag it cache:"-"`},
		{"field twice", parseKeyError[keyUser]("{ID}/{Tenant}/{ID}"), `"{ID}/{Tenant}/{ID}": placeholder {ID} appears more than once; write each field of advcache_test.keyUser once: {Tenant}, {ID}`},
		{"no field", parseKeyError[struct{}]("x:{ID}"), `"x:{ID}": placeholder {ID} matches no field of struct {}, which has none; leave the placeholder out`},
		{"interface field", parseKeyError[keyAny]("x:{V}"), `"x:{V}": field {V} of advcache_test.keyAny is of the interface type interface {}: values of different types could give one key; use a concrete type; tag the field cache:"-" if keys need not tell it apart`},
		{"float field", parseKeyError[keyFloat]("x:{Ratio}"), `"x:{Ratio}": field {Ratio} of advcache_test.keyFloat is of type float64; use a string, an integer, a bool or a type with MarshalText; tag the field cache:"-" if keys need not tell it apart`},
		{"nested struct", parseKeyError[keyNested]("x:{Base}"), `"x:{Base}": field {Base} of advcache_test.keyNested is of the struct type advcache_test.keyBase, which has no MarshalText; put its fields in the key's struct itself, or give it MarshalText; tag the field cache:"-" if keys need not tell it apart`},
		{"embedded struct", parseKeyError[keyEmbeds]("x:{keyBase}"), `"x:{keyBase}": embedded field {keyBase} of advcache_test.keyEmbeds is of the struct type advcache_test.keyBase, which has no MarshalText; put its fields in the key's struct itself, or give it MarshalText; tag the field cache:"-" if keys need not tell it apart`},
		{"field of an embedded struct", parseKeyError[keyEmbeds]("x:{ID}"), `"x:{ID}": placeholder {ID} matches no field of advcache_test.keyEmbeds; its fields are {keyBase}`},
		{"empty tag", parseKeyError[struct {
			A int `cache:""`
		}]("x:{A}"), `"x:{A}": field A of struct { A int "cache:\"\"" } has the tag cache:""; a tag is a name without braces and commas, or "-" to leave the field out`},
		{"option in a tag", parseKeyError[struct {
			A int `cache:"a,omitempty"`
		}]("x:{a}"), `"x:{a}": field A of struct { A int "cache:\"a,omitempty\"" } has the tag cache:"a,omitempty"; a tag is a name without braces and commas, or "-" to leave the field out`},
		{"one name for two fields", parseKeyError[struct {
			A int `cache:"B"`
			B int
		}]("x:{B}"), `"x:{B}": fields A and B of struct { A int "cache:\"B\""; B int } are both called {B}; tag one of them with another name`},

		// What stands between two values.
		{"nothing between", parseKeyError[keyStrings]("{A}{B}"), `"{A}{B}": nothing stands between {A} and {B}, so different values could give one key; write ':' or '/' between them`},
		{"string before", parseKeyError[keyStrings]("{A}-at.{B}"), `"{A}-at.{B}": the text "-at." between {A} and {B} may also occur in {A}, so different values could give one key; write ':' or '/' between them`},
		{"signed before", parseKeyError[keyInts]("{A}-{B}"), `"{A}-{B}": the text "-" between {A} and {B} may also occur in {A}, so different values could give one key; write ':' or '/' between them`},
		{"unsigned before", parseKeyError[keyUints]("{A}0{B}"), `"{A}0{B}": the text "0" between {A} and {B} may also occur in {A}, so different values could give one key; write ':' or '/' between them`},
		{"bool before", parseKeyError[keyFlags]("{On}else{Off}"), `"{On}else{Off}": the text "else" between {On} and {Off} may also occur in {On}, so different values could give one key; write ':' or '/' between them`},
	} {
		if test.err == nil {
			t.Errorf("%s: accepted, want an error; %s", test.name, keyLaw)
		} else if want := "advcache: key template " + test.want; test.err.Error() != want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, test.err, want)
		}
	}
}

// What separates depends on the value before it only.
func TestParseKeySeparators(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"unsigned, dash", keyOf(t, "{A}-{B}", keyUints{1, 2}), "1-2"},
		{"signed, letter", keyOf(t, "{A}x{B}", keyInts{-1, -2}), "-1x-2"},
		{"signed, one byte of several", keyOf(t, "{A}0-0_0{B}", keyInts{0, 0}), "00-0_00"},
		{"bool, digit", keyOf(t, "{On}1{Off}", keyFlags{true, false}), "true1false"},
		{"string, colon", keyOf(t, "{A}.:{B}", keyStrings{".", "."}), "%2E.:%2E"},
		{"string, brace", keyOf(t, "{A}{{{B}", keyStrings{"a", "b"}), "a{b"},
		{"string, other letter", keyOf(t, "{A}ä{B}", keyStrings{"a", "ä"}), "aä%C3%A4"},
	} {
		if test.got != test.want {
			t.Errorf("%s: key %q, want %q; %s", test.name, test.got, test.want, keyLaw)
		}
	}
}
