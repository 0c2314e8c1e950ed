package codec_test

import (
	"encoding/gob"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/advcache/advcache/codec"
)

// Types whose values can contain themselves.
type (
	chain  struct{ Next *chain }
	ring   []ring
	mapped map[string]mapped
	keyed  map[any]int
	anyOf  struct{ Any any }
	// behind has what leads to itself behind other things.
	behind struct {
		chained // its fields are those of behind

		A [1]struct{ B []map[string]*behind }
	}
	chained struct {
		Up   *behind
		Any  map[string]any
		Keys map[any]*behind
	}
	// generated has methods as msgp would generate them.
	generatedChain struct{ Next *generatedChain }
	// named encodes itself, by its name alone.
	named struct {
		Name string
		Self *named
	}
	// leaving leaves out what leads to itself.
	leaving struct {
		Name string
		Self *leaving `msgpack:"-"`
	}
)

func (c *generatedChain) MarshalMsg(b []byte) ([]byte, error) {
	if c == nil {
		return append(b, 0xc0), nil
	}
	return c.Next.MarshalMsg(append(b, 0x91))
}

func (c *generatedChain) UnmarshalMsg(b []byte) ([]byte, error) {
	for b[0] == 0x91 {
		c.Next = new(generatedChain)
		c, b = c.Next, b[1:]
	}
	return b[1:], nil
}

func (n named) MarshalBinary() ([]byte, error)     { return []byte(n.Name), nil }
func (n *named) UnmarshalBinary(data []byte) error { n.Name = string(data); return nil }

func registerForGob() {
	for _, v := range []any{[]any{}, map[string]any{}, &named{}} {
		gob.Register(v)
	}
}

func chainOf(n int) *chain {
	var c *chain
	for range n {
		c = &chain{c}
	}
	return c
}

const tooDeep = "contains itself, or is nested deeper than 10000 levels"

// TestValuesThatContainThemselves would end the process by an overflow of the
// stack, were they not refused.
func TestValuesThatContainThemselves(t *testing.T) {
	pointer := new(chain)
	pointer.Next = &chain{pointer}
	slice := ring{nil}
	slice[0] = slice
	m := mapped{}
	m["x"] = m
	k := keyed{}
	k[&k] = 1
	inner := map[string]any{}
	inner["x"] = []any{anyOf{inner}}
	var itself any
	itself = &itself
	wide := behind{}
	wide.A[0].B = []map[string]*behind{{"x": &wide, "y": &wide}}
	up, anyUp, keysUp := behind{}, behind{}, behind{}
	up.Up = &up
	anyUp.Any = map[string]any{"x": &anyUp}
	keysUp.Keys = map[any]*behind{1: &keysUp}
	for name, v := range map[string]any{
		"pointer": &pointer, "struct": pointer, "slice": &slice, "map": &m, "map key": &k, "any": &inner,
		"pointers and interfaces alone": &itself, "behind other things": &wide, "embedded": &up, "embedded map": &anyUp, "embedded map of pointers": &keysUp,
	} {
		for _, c := range []codec.Codec{codec.Msgpack, codec.Gob} {
			out, err := c.Append([]byte("p"), v)
			switch {
			case c == codec.Gob && err != nil && codec.CheckType(c, reflect.TypeOf(v).Elem()) != nil:
			case err == nil || !strings.Contains(err.Error(), tooDeep) || string(out) != "p":
				t.Errorf("%s, %s: %q, %v", c.Name(), name, out, err)
			}
		}
	}
	g := new(generatedChain)
	g.Next = g
	for _, v := range []any{g, &g} {
		if _, err := codec.Msgpack.Append(nil, v); err == nil || !strings.Contains(err.Error(), tooDeep) {
			t.Errorf("generated methods, %T: %v", v, err)
		}
	}
}

func TestDeepValues(t *testing.T) {
	for _, c := range []codec.Codec{codec.Msgpack, codec.Gob} {
		for _, n := range []int{9_000, 10_000} {
			value := *chainOf(n)
			data, err := c.Append(nil, &value)
			if err != nil {
				t.Fatalf("%s, %d levels: %v", c.Name(), n, err)
			}
			var back chain
			if err := c.Decode(data, &back); err != nil {
				t.Fatalf("%s, %d levels: %v", c.Name(), n, err)
			}
			got := 0
			for at := &back; at != nil; at = at.Next {
				got++
			}
			if got != n {
				t.Errorf("%s: %d levels came back as %d", c.Name(), n, got)
			}
		}
		if _, err := c.Append(nil, chainOf(10_001)); err == nil || !strings.Contains(err.Error(), tooDeep) {
			t.Errorf("%s, 10,001 levels: %v", c.Name(), err)
		}
	}
}

// TestBelievedNesting holds that what a codec does not look into may lead to
// itself, and that what is not nested may be there often.
func TestBelievedNesting(t *testing.T) {
	registerForGob()
	own := &named{Name: "own"}
	own.Self = own
	left := &leaving{Name: "left"}
	left.Self = left
	shared := &chain{}
	for _, test := range []struct {
		c codec.Codec
		v any
	}{
		{codec.Msgpack, own},
		{codec.Gob, own},
		{codec.Msgpack, &map[string]any{"own": own, "left": left}},
		{codec.Gob, &map[string]any{"own": own}},
		{codec.Msgpack, left},
		{codec.Msgpack, &[]*chain{shared, shared, nil}},
		{codec.Gob, &[]*chain{shared, shared}},
	} {
		if _, err := test.c.Append(nil, test.v); err != nil {
			t.Errorf("%s, %T: %v", test.c.Name(), test.v, err)
		}
	}
}

// BenchmarkNesting tells what the look for values that contain themselves takes:
// nothing where the type has no such values.
func BenchmarkNesting(b *testing.B) {
	registerForGob()
	list := make([]any, 1000)
	for i := range list {
		list[i] = map[string]any{"sku": fmt.Sprint(i), "price": i}
	}
	for name, v := range map[string]any{
		"flat": &goldenLine{SKU: "a name", Price: 7}, "any": &list, "chain": chainOf(1000),
	} {
		for _, c := range []codec.Codec{codec.Msgpack, codec.Gob} {
			b.Run(name+"/"+c.Name(), func(b *testing.B) {
				b.ReportAllocs()
				dst := make([]byte, 0, 1<<20)
				for b.Loop() {
					if _, err := c.Append(dst, v); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
