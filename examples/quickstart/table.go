package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

const textWidth = 78

// printer prints the story as it goes on.
type printer struct {
	out io.Writer
	err error // the first one; nothing is printed after it
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// text prints words as lines that are not too long.
func (p *printer) text(first, indent, words string) {
	line := first
	for word := range strings.FieldsSeq(words) {
		if len(line)+1+len(word) > textWidth && line != first {
			p.line("%s", line)
			line = indent
		}
		if strings.TrimSpace(line) != "" && !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += word
	}
	p.line("%s", line)
}

func (p *printer) intro(s *story) {
	p.text("", "", fmt.Sprintf("analyze(ctx, name) parses the sources of a package of the standard library (%s) and reports how large it is. It is slow, so its results are cached:", runtime.Version()))
	p.line("")
	p.line("  memory := inmem.New[Report](nil)")
	p.line("  ttl := advcache.NewTTL[string](memory, %v, &advcache.TTLOptions{", s.ttl)
	p.line("      Stale:        %v, // then serve the old value, and load a new one", s.options.Stale)
	p.line("      StaleIfError: %v, // serve the old value where loads fail", s.options.StaleIfError)
	p.line("  })")
	p.line("  cached := ttl.Cached(%q, analyze) // is called like analyze", "package:{}")
	p.line("")
	p.text("", "", "calls: of the cached function. loads: of analyze, behind it. p50, p99, max: half of the calls, 99 of 100, and all of them took no longer.")
	p.line("")
	p.line("%-30s %9s %7s %9s %9s %9s", "step", "calls", "loads", "p50", "p99", "max")
	p.line("%s", strings.Repeat("-", textWidth))
}

func (p *printer) step(n int, st *step) {
	p.line("%-30s %9s %7s %9s %9s %9s", fmt.Sprintf("%d. %s", n, st.name), number(st.calls), number(st.loads),
		duration(st.percentile(50)), duration(st.percentile(99)), duration(st.percentile(100)))
	p.text("   ", "   ", st.situation)
	p.text("   -> ", "      ", st.outcome()+" "+st.lesson)
	p.line("")
}

func (p *printer) wait(d time.Duration, why string) {
	p.text("   ", "   ", fmt.Sprintf("(the program waits %s, %s)", duration(d), why))
	p.line("")
}

// reports prints the values.
func (p *printer) reports(packages []string, reports map[string]Report) {
	p.line("The values that were cached:")
	p.line("")
	p.line("%-16s %5s %8s %9s %8s  %s", "package", "files", "lines", "functions", "exported", "longest function")
	for _, name := range packages {
		r := reports[name]
		p.line("%-16s %5s %8s %9s %8s  %s (%s lines)", name, number(r.Files), number(r.Lines),
			number(r.Functions), number(r.Exported), r.Longest, number(r.LongestLines))
	}
	p.line("")
}

func (p *printer) stats(s advcache.Snapshot) {
	p.line("What the cache has counted itself (advcache.Stats):")
	p.line("")
	p.line("%v", s)
}

// number writes n with a comma between each three digits.
func number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}

// duration writes d with three digits: the rest is noise.
func duration(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
