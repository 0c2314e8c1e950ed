// Package archtest holds the rules of this repository as ordinary tests: which
// package may import which, and what else a reader of any file may rely on.
// A failure quotes the rule that was broken and says why there is one.
//
// The package reads the source files only, of all modules, for every operating
// system and with every build tag. It has no other content than tests.
package archtest
