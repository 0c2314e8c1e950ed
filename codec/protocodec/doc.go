// Package protocodec encodes Protocol Buffers messages for package codec. It is
// a module of its own, so that only its users require the protobuf library.
//
//	users := store.New[*pb.User](backend, &store.Options{Codec: protocodec.Codec})
package protocodec
