// Package sdktest holds that cloud.google.com/go/storage, the client that users
// have, works over fakegcs within bubbles of testing/synctest. It is a module of
// its own so that nobody else requires the client for it.
package sdktest
