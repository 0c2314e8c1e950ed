package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// connection is how many bytes a second one connection to the limited server has.
const connection = 80e6

// s3Work is an S3 server in this process, whose answers take their time as those
// of S3 do, and a real server on this machine.
func s3Work(r *runner) {
	fake := fakeS3(fakes3.Options{Latency: r.latency()})
	expired := s3Expiring(r, fake)
	json := s3Keepers(fake, jsonForm)
	json.prove(article(1, small))
	r.transfers(&fake.depot, "read of about 1 KiB of JSON", r.rounds, json.reads(latencyGoal), fake.note)
	s3Reads(r, fake, bodyGoals)
	s3Writes(r, fake)
	s3Unchanged(r, fake)
	s3Limited(r, fake)
	s3Gzip(r, fake)
	expired()

	server, err := realS3()
	if err != nil {
		fmt.Printf("\ns3: the rows of a real server are left out, since %v\n", err)
		return
	}
	defer server.stop()
	expired = s3Expiring(r, server)
	// Without the wait of a network, what ours does beside is a part of the time.
	s3Reads(r, server, func(int) func(string) judge { return nil })
	s3Writes(r, server)
	expired()
}

func (r *runner) objectSizes() []int { return []int{small, mib, r.hugeSize()} }

func s3Reads(r *runner, d *s3Depot, goals func(n int) func(name string) judge) {
	for _, n := range r.objectSizes() {
		k := s3Keepers(d, rawForm)
		k.prove(noise(n))
		r.transfers(&d.depot, "read of "+size(n), r.roundsOf(n), k.reads(goals(n)))
	}
}

func s3Writes(r *runner, d *s3Depot) {
	for _, n := range r.objectSizes() {
		k, value := s3Keepers(d, rawForm), noise(n)
		ours := k.head.write(value) // it is the same in both ways
		ours.name = nameOurs
		r.transfers(&d.depot, "write of "+size(n), r.roundsOf(n), []transfer{k.bare.write(value), ours})
	}
}

// s3Unchanged writes what the bucket holds already.
func s3Unchanged(r *runner, d *s3Depot) {
	value := noise(r.hugeSize())
	o := rawForm.ours
	o.Dedupe = true
	ours := keeperOf(nameDedupe, s3Cache[[]byte](d, s3store.HeadFirst, o)).write(value)
	ours.goals = func(c transferCost) []verdict {
		return []verdict{
			atMost("requests", 1, float64(c.requests)),
			exactly("KiB sent and read", 0, float64(c.sent+c.got)/kib),
		}
	}
	answered(ours.name, ours.op()) // from then on it is unchanged
	r.transfers(&d.depot, "unchanged write of "+size(len(value)), r.roundsOf(len(value)),
		[]transfer{bareS3(d.client, rawForm).write(value), ours})
}

// s3Limited reads a large object over connections that have a limit each, as
// those to S3 have.
func s3Limited(r *runner, d *s3Depot) {
	n := r.hugeSize()
	s3Keepers(d, rawForm).prove(noise(n))
	limited := fakeS3(fakes3.Options{Latency: r.latency(), Bandwidth: connection})
	for _, prefix := range []string{prefixBare, prefixOurs} { // a write would take its time
		object, ok := d.fake.Object(bucketName, prefix+objectKey)
		if !ok {
			fail("there is no object that was just written")
		}
		limited.fake.Plant(bucketName, prefix+objectKey, object)
	}
	goals := func(string) judge {
		return func(c transferCost) []verdict { return []verdict{atLeast("times as fast as the first", 3, c.speed)} }
	}
	r.transfers(&limited.depot, fmt.Sprintf("read of %s, %.0f MB/s a connection", size(n), connection/1e6),
		r.roundsOf(n), s3Keepers(limited, rawForm).reads(goals))
}

// s3Gzip reads what is compressed.
func s3Gzip(r *runner, d *s3Depot) {
	for _, n := range []int{mib, r.hugeSize() / 4} { // which is the work of compressing it
		k := s3Keepers(d, gzipForm)
		k.prove(records(n))
		r.transfers(&d.depot, "read of "+size(n)+" of records, gzip", r.roundsOf(r.hugeSize()), k.reads(memoryGoal(n)))
	}
}

// s3Expiring is expiring over S3.
func s3Expiring(r *runner, d *s3Depot) (measure func()) {
	head := transfer{nameS3 + ", HeadObject", func() error {
		_, err := d.client.HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: aws.String(bucketName), Key: aws.String(prefixOurs + expiredKey)})
		return err
	}, nil}
	goals := func(c transferCost) []verdict {
		goals := []verdict{atMost("KiB read", 256, float64(c.got)/kib)}
		if d.fake != nil { // else a round trip is as short as the work of a client
			goals = append(goals, atMost(perFirst, 1.10, c.share))
		}
		return goals
	}
	o := rawForm.ours
	return r.expiring(&d.depot, head, s3Cache[[]byte](d, s3store.HeadFirst, o), s3Cache[[]byte](d, s3store.OneRequest, o), goals, d.note)
}
