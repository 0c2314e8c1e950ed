// Package storetest holds what tests of byte stores need: [Run], the conformance
// suite of [store.Store], and three stores: [Memory], which is right and holds
// its objects in a map, [Counting], which counts requests, and [Faulty], which
// fails in the ways in which backends and networks do. It is for tests only.
// Package fakes3, below it, is an S3 server for tests.
package storetest
