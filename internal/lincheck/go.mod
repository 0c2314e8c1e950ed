module github.com/advcache/advcache/internal/lincheck

go 1.26.0

replace github.com/advcache/advcache => ../../

require (
	github.com/advcache/advcache v0.0.0
	github.com/anishathalye/porcupine v1.3.1
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/cpuid/v2 v2.2.10 // indirect
	github.com/maypok86/otter/v2 v2.4.0 // indirect
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	golang.org/x/sys v0.30.0 // indirect
)
