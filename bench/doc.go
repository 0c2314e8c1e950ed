// Command bench does the same work with advcache and with its peers,
// interleaved in one process, and prints what each call costs, next to the
// goals that advcache sets itself. README.md says how to read the tables.
//
//	go run ./bench             all of it, some minutes
//	go run ./bench -quick      few and short rounds: a look, not a result
//	go run ./bench -only int   the works whose name matches
package main
