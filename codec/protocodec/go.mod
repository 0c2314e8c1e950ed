module github.com/advcache/advcache/codec/protocodec

go 1.26.0

require (
	github.com/advcache/advcache v0.0.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
)

replace github.com/advcache/advcache => ../../
