package gcsstore

// Name is the name of the object for a key.
func (s *Store) Name(key string) string { return s.names.Of(key) }
