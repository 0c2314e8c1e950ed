package codec_test

import (
	"math/big"
	"testing"

	"github.com/advcache/advcache/codec"
)

// TestGobPointers holds law 10: gob would give a nil pointer back as a pointer to
// a zero value.
func TestGobPointers(t *testing.T) {
	type user struct{ ID int }
	var none *user
	var nested **int
	for _, v := range []any{&none, &nested, new(*map[string]int)} {
		if got, err := codec.Gob.Append([]byte("before"), v); err == nil || string(got) != "before" {
			t.Errorf("law 10: a nil pointer (%T) is encoded as %q, %v; want an error", v, got, err)
		}
	}
	number := big.NewInt(12345)
	data, err := codec.Gob.Append(nil, &number)
	if err != nil {
		t.Fatal(err)
	}
	var got *big.Int
	if err := codec.Gob.Decode(data, &got); err != nil || got.Cmp(number) != 0 {
		t.Errorf("law 10: %v came back as %v, %v", number, got, err)
	}
}
