// Package lincheck checks recorded histories of caches for linearizability with
// porcupine. It is a module of its own, so that the library requires no package
// for its tests.
package lincheck
