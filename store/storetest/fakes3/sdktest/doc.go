// Package sdktest holds the tests of package fakes3 with the AWS SDK for Go, which
// is what the server has to be right for. It is a module of its own so that
// nobody else requires the SDK, and has no other content than tests.
package sdktest
