package objects

import (
	"fmt"
	"io"
	"sync/atomic"
)

// Class is what a request is billed as, by the names of the bill of GCS.
type Class uint8

// The classes. What a service calls otherwise belongs to the one that it costs as
// much as: PUT, COPY, POST and LIST of S3 are ClassA, GET and HEAD ClassB.
const (
	ClassA Class = iota // writes, renewals, listings
	ClassB              // reads, of bodies or metadata
	Free                // deletes
)

// Usage is what a store has asked of the service. Each try of a request counts.
type Usage struct {
	ClassA, ClassB, Free int64 // requests
	Sent, Received       int64 // bytes of bodies of objects
}

// Since returns the usage since an earlier one.
func (u Usage) Since(earlier Usage) Usage {
	return Usage{
		ClassA: u.ClassA - earlier.ClassA, ClassB: u.ClassB - earlier.ClassB, Free: u.Free - earlier.Free,
		Sent: u.Sent - earlier.Sent, Received: u.Received - earlier.Received,
	}
}

// Requests returns how many requests there were of all classes.
func (u Usage) Requests() int64 { return u.ClassA + u.ClassB + u.Free }

// String returns the usage in words, such as
// "1 class A, 2 class B, 0 free; 512 bytes sent, 1024 received".
func (u Usage) String() string {
	return fmt.Sprintf("%d class A, %d class B, %d free; %d bytes sent, %d received", u.ClassA, u.ClassB, u.Free, u.Sent, u.Received)
}

// Prices are what a service takes, in US dollars.
type Prices struct {
	ClassA, ClassB, Free float64 // for 1,000 requests
	Sent, Received       float64 // for 1 GiB of bodies to the service, and from it
}

// Cost returns what a usage costs, in US dollars.
func (u Usage) Cost(p Prices) float64 {
	const gib = 1 << 30
	return (float64(u.ClassA)*p.ClassA+float64(u.ClassB)*p.ClassB+float64(u.Free)*p.Free)/1000 +
		(float64(u.Sent)*p.Sent+float64(u.Received)*p.Received)/gib
}

// Meter counts the usage of a store. The zero Meter is ready, and safe for
// concurrent use.
type Meter struct {
	classes        [Free + 1]atomic.Int64
	sent, received atomic.Int64
}

// Count counts a request.
func (m *Meter) Count(c Class) { m.classes[c].Add(1) }

// Sent counts bytes of a body that went to the service.
func (m *Meter) Sent(n int64) { m.sent.Add(n) }

// Received counts bytes of a body that came from it.
func (m *Meter) Received(n int64) { m.received.Add(n) }

// Usage returns what was counted so far.
func (m *Meter) Usage() Usage {
	return Usage{
		ClassA: m.classes[ClassA].Load(), ClassB: m.classes[ClassB].Load(), Free: m.classes[Free].Load(),
		Sent: m.sent.Load(), Received: m.received.Load(),
	}
}

// Body returns body, whose bytes count as received while they are read.
func (m *Meter) Body(body io.ReadCloser) io.ReadCloser { return &metered{body, m} }

type metered struct {
	io.ReadCloser
	meter *Meter
}

func (b *metered) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.meter.Received(int64(n))
	return n, err
}
