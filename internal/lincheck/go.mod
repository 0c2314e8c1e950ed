module github.com/advcache/advcache/internal/lincheck

go 1.26.0

replace github.com/advcache/advcache => ../../

require (
	github.com/advcache/advcache v0.0.0
	github.com/anishathalye/porcupine v1.3.1
)

require github.com/maypok86/otter/v2 v2.4.0 // indirect
