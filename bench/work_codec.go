package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/advcache/advcache/codec"
)

// coder is a way to turn values into bytes and back.
type coder[V any] struct {
	name   string
	append func(dst []byte, v *V) ([]byte, error)
	decode func(data []byte, v *V) error
	ours   string // the codec that is compared with it; empty: none
}

// ourCoder is a codec of ours.
func ourCoder[V any](name string, c codec.Codec) coder[V] {
	return coder[V]{
		name:   name,
		append: func(dst []byte, v *V) ([]byte, error) { return c.Append(dst, v) },
		decode: func(data []byte, v *V) error { return c.Decode(data, v) },
	}
}

const (
	nameMsgpack   = "codec.Msgpack"
	nameGenerated = "codec.Msgpack, generated methods"
	nameJSON      = "codec.JSON"
	nameGob       = "codec.Gob"
)

// bareCoders are the libraries alone, as their documentation shows them.
var bareCoders = []coder[Article]{
	{
		name:   "msgpack/v5",
		append: func(_ []byte, v *Article) ([]byte, error) { return msgpack.Marshal(v) },
		decode: func(data []byte, v *Article) error { return msgpack.Unmarshal(data, v) },
		ours:   nameMsgpack,
	},
	{
		name:   "encoding/json",
		append: func(_ []byte, v *Article) ([]byte, error) { return json.Marshal(v) },
		decode: func(data []byte, v *Article) error { return json.Unmarshal(data, v) },
		ours:   nameJSON,
	},
	{
		name: "encoding/gob",
		append: func(_ []byte, v *Article) ([]byte, error) {
			var to bytes.Buffer
			err := gob.NewEncoder(&to).Encode(v)
			return to.Bytes(), err
		},
		decode: func(data []byte, v *Article) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) },
		ours:   nameGob,
	},
}

// codecWork is values to bytes and back, without a store.
func codecWork(r *runner) {
	for _, n := range []int{small, 100 << 10} {
		value := article(1, n)
		generated := Generated(value)
		type both struct{ encode, decode trial }
		all := []both{}
		add := func(encode, decode trial) { all = append(all, both{encode, decode}) }
		add(coderTrials(ourCoder[Article](nameMsgpack, codec.Msgpack), &value))
		add(coderTrials(ourCoder[Generated](nameGenerated, codec.Msgpack), &generated))
		add(coderTrials(coder[Generated]{
			name:   "generated methods alone",
			append: func(dst []byte, v *Generated) ([]byte, error) { return v.MarshalMsg(dst) },
			decode: func(data []byte, v *Generated) error {
				_, err := v.UnmarshalMsg(data)
				return err
			},
			ours: nameGenerated,
		}, &generated))
		add(coderTrials(ourCoder[Article](nameJSON, codec.JSON), &value))
		add(coderTrials(ourCoder[Article](nameGob, codec.Gob), &value))
		for _, c := range bareCoders {
			add(coderTrials(c, &value))
		}
		var encodes, decodes []trial
		for _, b := range all {
			encodes, decodes = append(encodes, b.encode), append(decodes, b.decode)
		}
		const note = "MB/s are of the encoded form, whose length differs by codec; " + oursByThis + " is of the same format"
		r.trials("encode about "+size(n), 1, encodes, note, "ours append to a buffer that is used again, as stores do")
		r.trials("decode about "+size(n), 1, decodes, note)
	}
}

func coderTrials[V any](c coder[V], value *V) (encode, decode trial) {
	data, err := c.append(nil, value)
	if err != nil {
		fail(c.name + ": " + err.Error())
	}
	var dst []byte
	encode = goalless(c.name, func(_, n int) {
		for range n {
			var err error
			if dst, err = c.append(dst[:0], value); err != nil {
				fail(c.name + ": " + err.Error())
			}
		}
	})
	decode = goalless(c.name, func(_, n int) {
		for range n {
			var back V
			if err := c.decode(data, &back); err != nil {
				fail(c.name + ": " + err.Error())
			}
		}
	})
	encode.bytes, decode.bytes = len(data), len(data)
	encode.ours, decode.ours = c.ours, c.ours
	return encode, decode
}
