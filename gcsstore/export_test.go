package gcsstore

import "cloud.google.com/go/storage"

// Name is the name of the object for a key.
func (s *Store) Name(key string) string { return s.names.Of(key) }

// Client is the client that New was given.
func (s *Store) Client() *storage.Client { return s.client }
