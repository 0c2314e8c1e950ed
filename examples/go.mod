module github.com/advcache/advcache/examples

go 1.26.0

replace github.com/advcache/advcache => ../
