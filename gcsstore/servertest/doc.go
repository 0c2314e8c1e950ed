// Package servertest runs the suites over gcsstore and fake-gcs-server, a server
// that others have made. It is a module of its own so that nobody else requires
// that.
package servertest
