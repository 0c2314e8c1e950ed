package protocodec_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/codec/protocodec"
)

func structOf(t testing.TB, fields map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func roundTrip[V proto.Message](t *testing.T, value, other V) {
	t.Helper()
	data, err := protocodec.Codec.Append([]byte("p"), &value)
	if err != nil || data[0] != 'p' {
		t.Fatalf("Append(%v) = %q, %v", value, data, err)
	}
	data = data[1:]
	got := other
	if err := protocodec.Codec.Decode(data, &got); err != nil {
		t.Fatalf("Decode of %v: %v", value, err)
	}
	for i := range data {
		data[i] = 0xee // what Decode kept would change
	}
	if !proto.Equal(got, value) {
		t.Errorf("%v came back as %v", value, got)
	}
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, wrapperspb.String("Zoë 日本"), wrapperspb.String("old"))
	roundTrip(t, wrapperspb.Bytes(bytes.Repeat([]byte{0, 1}, 1<<20)), nil)
	roundTrip(t, &wrapperspb.Int64Value{}, wrapperspb.Int64(7))
	roundTrip(t, timestamppb.New(time.Unix(1, 2)), nil)
	roundTrip(t, structOf(t, map[string]any{"a": []any{1, "b", nil, map[string]any{"c": true}}}), structOf(t, map[string]any{"old": 1}))
}

func TestRefused(t *testing.T) {
	for want, v := range map[string]any{
		"nil *wrapperspb.StringValue":      new(*wrapperspb.StringValue),
		"let V be *wrapperspb.StringValue": new(wrapperspb.StringValue),
		"not string":                       new(string),
		"not protoreflect.ProtoMessage":    new(proto.Message),
		"a pointer to a value":             nil,
		"a pointer to a value, not **wrap": (**wrapperspb.StringValue)(nil),
	} {
		if out, err := protocodec.Codec.Append([]byte("p"), v); err == nil || !strings.Contains(err.Error(), want) || string(out) != "p" {
			t.Errorf("Append(%T) = %q, %v; want an error with %q", v, out, err, want)
		}
	}
	value := wrapperspb.String("old")
	for _, data := range []string{"\x0a", "\x0a\x05a", "\xff", "\x0a\x02\xff\xff", "\x0b" + strings.Repeat("\x0b", 1<<20)} {
		if err := protocodec.Codec.Decode([]byte(data), &value); err == nil || value != nil {
			t.Errorf("Decode(%.20q) = %v, %v", data, value, err)
		}
	}
	if err := codec.CheckType(protocodec.Codec, reflect.TypeFor[*wrapperspb.StringValue]()); err != nil {
		t.Error(err)
	}
	if got := codec.ContentType(protocodec.Codec); got != "application/protobuf" {
		t.Errorf("ContentType = %q", got)
	}
}

func TestEqualValuesEqualBytes(t *testing.T) {
	if err := codec.Deterministic(protocodec.Codec, reflect.TypeFor[*structpb.Struct]()); err != nil {
		t.Fatal(err)
	}
	var first []byte
	for run := range 20 {
		fields := map[string]any{}
		for i := range 100 {
			fields[fmt.Sprint((i*7+run*13)%100)] = "x"
		}
		value := structOf(t, fields)
		data, err := protocodec.Codec.Append(nil, &value)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Fatal("equal messages were encoded to different bytes")
		}
	}
}

func FuzzProto(f *testing.F) {
	value := structOf(f, map[string]any{"a": []any{1, "b", nil, map[string]any{"c": true}}})
	data, err := protocodec.Codec.Append(nil, &value)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v *structpb.Struct
		if protocodec.Codec.Decode(data, &v) == nil {
			roundTrip(t, v, nil)
		}
	})
}

func Example() {
	value := wrapperspb.String("Ann")
	data, err := protocodec.Codec.Append(nil, &value)
	if err != nil {
		panic(err)
	}
	var back *wrapperspb.StringValue
	err = protocodec.Codec.Decode(data, &back)
	fmt.Printf("%q is %s %v\n", data, back.GetValue(), err)
	// Output: "\n\x03Ann" is Ann <nil>
}

// TestEmbeddedMessages holds law 10: a struct that embeds a message has its
// methods, which know nothing of other fields.
func TestEmbeddedMessages(t *testing.T) {
	type value struct {
		wrapperspb.StringValue

		More int
	}
	type pointer struct {
		*wrapperspb.StringValue

		More int
	}
	type embedded struct{ proto.Message }
	for _, v := range []reflect.Type{reflect.TypeFor[*value](), reflect.TypeFor[*pointer](), reflect.TypeFor[*embedded]()} {
		if err := codec.CheckType(protocodec.Codec, v); err == nil {
			t.Errorf("law 10: %s is not refused, of which only the message would be kept", v)
		}
	}
	v := &value{More: 1}
	data, err := protocodec.Codec.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	if err := protocodec.Codec.Decode(data, &v); err != nil || v.More != 0 {
		t.Errorf("Decode = %v, %v: if all of it is kept, it need not be refused", v.More, err)
	}
}
