// Package redisstore keeps a cache in Redis or Valkey.
package redisstore
