module github.com/advcache/advcache/internal/lincheck

go 1.26.0

replace github.com/advcache/advcache => ../../
