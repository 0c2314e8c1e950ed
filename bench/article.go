package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/advcache/advcache/codec"
)

// Article is what works on bytes store: a record of a shop, as such records are.
type Article struct {
	ID       int64     `json:"id"`
	SKU      string    `json:"sku"`
	Name     string    `json:"name"`
	Text     string    `json:"text"`
	Price    int64     `json:"price"`
	Created  int64     `json:"created"`
	Active   bool      `json:"active"`
	Variants []Variant `json:"variants"`
}

// Variant is one of an Article's forms.
type Variant struct {
	SKU   string `json:"sku"`
	Color string `json:"color"`
	Price int64  `json:"price"`
	Stock int    `json:"stock"`
}

// Generated is an Article with the methods that tinylib/msgp generates.
type Generated Article

var (
	colors = []string{"black", "white", "forest green", "navy", "light grey", "red", "sand"}
	words  = strings.Fields(`a shirt of organic cotton that is soft on the skin and keeps its form after many
		washes with long sleeves two pockets and buttons made from nuts which grow in the forests of the north
		cut wide for work in the garden or narrow for an evening in town it comes in seven colours from small to
		very large please see the table of sizes before you order returns are free within thirty days`)
)

// article returns the record of an id that has about n bytes as MessagePack: a
// fourth of them text, most others variants.
func article(id int64, n int) Article {
	random := rand.New(rand.NewPCG(uint64(id), uint64(n)))
	a := Article{
		ID:      id,
		SKU:     fmt.Sprintf("SKU-%08d", id),
		Name:    "Shirt " + words[random.IntN(len(words))],
		Price:   1000 + random.Int64N(9000),
		Created: 1_700_000_000_000 + random.Int64N(1e10),
		Active:  true,
	}
	var text strings.Builder
	for text.Len() < n/4 {
		text.WriteString(words[random.IntN(len(words))])
		text.WriteByte(' ')
	}
	a.Text = text.String()
	for size := len(encode(&a)); ; {
		v := Variant{
			SKU:   fmt.Sprintf("%s-%04d", a.SKU, len(a.Variants)),
			Color: colors[random.IntN(len(colors))],
			Price: a.Price + random.Int64N(500),
			Stock: random.IntN(1000),
		}
		if size += len(encode(&v)); size > n {
			return a
		}
		a.Variants = append(a.Variants, v)
	}
}

// encode is what the contenders without a store do with a value.
func encode(v any) []byte {
	data, err := codec.Msgpack.Append(nil, v)
	if err != nil {
		fail(err)
	}
	return data
}

func decode(data []byte, v any) {
	if err := codec.Msgpack.Decode(data, v); err != nil {
		fail(err)
	}
}

// size names a number of bytes.
func size(n int) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
