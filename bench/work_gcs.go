package main

import (
	"context"
	"errors"
	"io"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

const nameGCS = "cloud.google.com/go/storage"

// gcsDepot is a bucket of a GCS server in this process, with the client that all
// contenders share.
type gcsDepot struct {
	depot

	client *storage.Client
}

func fakeGCS(o fakegcs.Options) *gcsDepot {
	o.Buckets = []string{bucketName}
	server := fakegcs.New(&o)
	client, err := storage.NewClient(context.Background(),
		option.WithHTTPClient(server.Client()), option.WithoutAuthentication(), storage.WithXMLReads())
	if err != nil {
		fail(err)
	}
	return &gcsDepot{depot{"GCS", noteFake, func() moved {
		c := server.Counts()
		return moved{c.Requests.Total(), c.In, c.Out}
	}}, client}
}

// gcsWork is a GCS server in this process, whose answers take their time as those
// of GCS do.
func gcsWork(r *runner) {
	d := fakeGCS(fakegcs.Options{Latency: r.latency()})
	defer func() { _ = d.client.Close() }()
	expired := gcsExpiring(r, d)
	json := gcsKeepers(d, jsonForm)
	json.prove(article(1, small))
	r.transfers(&d.depot, "read of about 1 KiB of JSON", r.rounds, json.reads(latencyGoal), d.note)
	for _, n := range r.objectSizes() {
		k := gcsKeepers(d, rawForm)
		k.prove(noise(n))
		r.transfers(&d.depot, "read of "+size(n), r.roundsOf(n), k.reads(bodyGoals(n)))
	}
	for _, n := range []int{4 * kib, mib, r.hugeSize()} {
		k, value := gcsKeepers(d, rawForm), noise(n)
		bare, ours := k.bare.write(value), k.head.write(value) // it is the same in both ways
		ours.name = nameOurs
		if n == 4*kib {
			// The writer of the client has a buffer of 16 MiB unless told otherwise.
			var whole float64
			bare.goals = func(c transferCost) []verdict { whole = c.bytes; return nil } // judged before ours
			ours.goals = func(c transferCost) []verdict {
				return []verdict{atMost("allocated ÷ first", 0.2, c.bytes/whole)}
			}
		}
		r.transfers(&d.depot, "write of "+size(n), r.roundsOf(n), []transfer{bare, ours})
	}
	gcsUnchanged(r, d)
	expired()
}

func gcsKeepers[V any](d *gcsDepot, f form[V]) objectKeepers[V] {
	return objectKeepers[V]{
		bare: bareGCS(d.client, f),
		head: keeperOf(nameHeadFirst, gcsCache[V](d, gcsstore.HeadFirst, f.ours)),
		one:  keeperOf(nameOneRequest, gcsCache[V](d, gcsstore.OneRequest, f.ours)),
	}
}

// gcsCache is ours, as a user sets it up.
func gcsCache[V any](d *gcsDepot, freshness gcsstore.Freshness, o store.Options) *store.Cache[V] {
	return store.New[V](gcsstore.New(d.client, bucketName, &gcsstore.Options{Prefix: prefixOurs, Freshness: freshness}), &o)
}

// bareGCS is a Reader into memory of the size of the body, and a Writer as it comes.
func bareGCS[V any](client *storage.Client, f form[V]) keeper[V] {
	at := func(key string) *storage.ObjectHandle { return client.Bucket(bucketName).Object(prefixBare + key) }
	return keeper[V]{
		name: nameGCS,
		get: func(ctx context.Context, key string) (value V, err error) {
			reader, err := at(key).NewReader(ctx)
			if err != nil {
				return value, err
			}
			defer func() { _ = reader.Close() }() // what was read was read
			body := make([]byte, reader.Attrs.Size)
			if _, err := io.ReadFull(reader, body); err != nil {
				return value, err
			}
			return f.decode(body)
		},
		set: func(ctx context.Context, key string, value V) error {
			body, err := f.encode(value)
			if err != nil {
				return err
			}
			writer := at(key).NewWriter(ctx)
			_, err = writer.Write(body)
			return errors.Join(err, writer.Close())
		},
	}
}

// gcsUnchanged writes what the bucket holds already.
func gcsUnchanged(r *runner, d *gcsDepot) {
	value := noise(r.hugeSize())
	o := rawForm.ours
	o.Dedupe = true
	ours := keeperOf(nameDedupe, gcsCache[[]byte](d, gcsstore.HeadFirst, o)).write(value)
	ours.goals = func(c transferCost) []verdict {
		return []verdict{
			atMost("requests", 1, float64(c.requests)),
			exactly("KiB sent", 0, float64(c.sent)/kib), // what is read is the metadata, in JSON
		}
	}
	answered(ours.name, ours.op()) // from then on it is unchanged
	r.transfers(&d.depot, "unchanged write of "+size(len(value)), r.roundsOf(len(value)),
		[]transfer{bareGCS(d.client, rawForm).write(value), ours})
}

// gcsExpiring is expiring over GCS.
func gcsExpiring(r *runner, d *gcsDepot) (measure func()) {
	head := transfer{nameGCS + ", Attrs", func() error {
		_, err := d.client.Bucket(bucketName).Object(prefixOurs + expiredKey).Attrs(context.Background())
		return err
	}, nil}
	goals := func(c transferCost) []verdict {
		return []verdict{atMost("KiB read", 256, float64(c.got)/kib), atMost(perFirst, 1.10, c.share)}
	}
	o := rawForm.ours
	return r.expiring(&d.depot, head, gcsCache[[]byte](d, gcsstore.HeadFirst, o), gcsCache[[]byte](d, gcsstore.OneRequest, o), goals)
}
