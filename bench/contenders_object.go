package main

import (
	"context"
	"time"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
)

// Names of the contenders over object stores.
const (
	nameHeadFirst  = nameOurs + ", HeadFirst"
	nameOneRequest = nameOurs + ", OneRequest"
	nameDedupe     = nameOurs + ", Dedupe"
)

const (
	bucketName = "bench"
	objectKey  = "report/2026-11"

	// Where the objects of the contenders are.
	prefixOurs = "ours/"
	prefixBare = "bare/"
)

// objectKeepers are the contenders over one bucket: a client alone, and ours, which
// reads the same objects in two ways.
type objectKeepers[V any] struct {
	bare, head, one keeper[V]
}

// prove writes a value by the client alone and by ours, and reads it in all ways.
func (k objectKeepers[V]) prove(value V) {
	keys, values := []string{objectKey}, map[string]V{objectKey: value}
	k.bare.prove(keys, values)
	k.head.prove(keys, values)
	k.one.mustGive(objectKey, value)
}

// reads are the reads of what was proved; ours have the goals of their names.
func (k objectKeepers[V]) reads(goals func(name string) judge) []transfer {
	all := []transfer{k.bare.read(), k.head.read(), k.one.read()}
	for i := range all {
		if i > 0 && goals != nil {
			all[i].goals = goals(all[i].name)
		}
	}
	return all
}

func (k keeper[V]) read() transfer {
	return transfer{k.name, func() error {
		_, err := k.get(context.Background(), objectKey)
		return err
	}, nil}
}

func (k keeper[V]) write(value V) transfer {
	return transfer{k.name, func() error { return k.set(context.Background(), objectKey, value) }, nil}
}

// patience is the Timeout of ours: that of the store, 5 s, is not enough for 64 MiB
// on a machine that does other things.
const patience = time.Minute

// form is how values become bodies where there is no cache, and the options by
// which ours become the same.
type form[V any] struct {
	encode func(V) ([]byte, error)
	decode func([]byte) (V, error)
	ours   store.Options
}

// rawForm keeps bytes, with which a client alone has nothing to do.
var rawForm = form[[]byte]{
	encode: func(v []byte) ([]byte, error) { return v, nil },
	decode: func(data []byte) ([]byte, error) { return data, nil },
	ours:   store.Options{Compression: codec.None, Timeout: patience},
}

// gzipForm compresses bytes, as ours does in object stores unless told otherwise.
var gzipForm = form[[]byte]{
	encode: func(v []byte) ([]byte, error) { return codec.Gzip(0).Compress(nil, v) },
	decode: func(data []byte) ([]byte, error) {
		return codec.Gzip(0).Decompress(nil, data, store.DefaultMaxDecodedSize)
	},
	ours: store.Options{Timeout: patience},
}

// jsonForm keeps records as JSON.
var jsonForm = form[Article]{
	encode: func(v Article) ([]byte, error) { return codec.JSON.Append(nil, &v) },
	decode: func(data []byte) (Article, error) { return decoded[Article](codec.JSON, data, nil) },
	ours:   store.Options{Codec: codec.JSON, Compression: codec.None, Timeout: patience},
}
