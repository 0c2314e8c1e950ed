package gcsstore

import "github.com/advcache/advcache/store/objects"

// What requests are billed as.
const (
	classWrite  = objects.ClassA // and listings
	classRead   = objects.ClassB
	classDelete = objects.Free // and the later requests of an upload in chunks
)

// Usage is what a Store has asked of the service.
type Usage = objects.Usage

// Prices are what a service takes, in US dollars.
type Prices = objects.Prices

// ListPrices returns those of Standard storage in a single region, as of November
// 2026: $0.005 for 1,000 class A operations, which are writes, changes of metadata
// and listings, $0.0004 for 1,000 class B ones, which are reads, deletes free, and
// nothing for what moves to and from machines of the same region
// (https://cloud.google.com/storage/pricing).
func ListPrices() Prices { return Prices{ClassA: 0.005, ClassB: 0.0004} }

// Usage returns what this Store has asked of the service so far. Each try counts,
// whatever its answer, though GCS takes nothing for those of 4xx and 5xx. What the
// client asks for by itself where a connection is lost in the midst of a body does
// not: it does not tell.
func (s *Store) Usage() Usage { return s.meter.Usage() }

// Cost returns what the requests of this Store and the bytes that they moved cost
// so far, in US dollars. Nil prices are [ListPrices]; storage is not in it.
func (s *Store) Cost(p *Prices) float64 {
	if p == nil {
		return s.Usage().Cost(ListPrices())
	}
	return s.Usage().Cost(*p)
}
