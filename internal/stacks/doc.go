// Package stacks tests what is made of several real backends: that a Chain and a
// Hybrid of any of them keep the contract of a cache, how many requests each level
// gets (law 12), what an outage of one of them costs (law 7), and how soon processes
// that share a Redis read what another one has changed (law 3). The compositions
// have the longest topics of the suite by turns; go test -full has all of them for
// all, which takes some minutes. It is a module of
// its own, since no backend needs the clients of the others.
package stacks
