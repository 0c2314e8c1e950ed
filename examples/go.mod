module github.com/advcache/advcache/examples

go 1.26.0

require github.com/advcache/advcache v0.0.0

require github.com/maypok86/otter/v2 v2.4.0 // indirect

replace github.com/advcache/advcache => ../
