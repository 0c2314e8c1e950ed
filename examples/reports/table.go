package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	textWidth = 78
	million   = 1_000_000
)

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
	p.text("", "", fmt.Sprintf("maker.report(ctx, key) makes a report: CSV of all identifiers in a tree of %s, and where they are used. There are %d, of %s. They are cached in a bucket, behind memory. It is %s.",
		s.maker.sources, len(s.keys), s.sizes(), s.service.name))
	p.line("")
	p.line("  memory := inmem.New[[]byte](…)")
	p.line("  objects := store.New[[]byte](bucket, &store.Options{Dedupe: true})")
	p.line("  back := advcache.NewTTL[Key](objects, %s, &advcache.TTLOptions{Stale: %s})", life(inBucket), life(stale))
	p.line("  front := advcache.NewTTL[Key](memory, %s, nil)", life(inMemory))
	p.line("  const template = %q", template)
	p.line("  report := front.Cached(template, back.Cached(template, maker.report))")
	p.line("")
	p.text("", "", fmt.Sprintf("made: how often the maker ran. latency: half of the calls took no longer; saved: compared with the maker alone. reads, writes, sent, got: requests of the bucket (%s, %s) and bytes of objects, of all calls of a row. µ$: what they cost at list prices, in millionths of a dollar.", s.service.reads, s.service.writes))
	p.text("", "", fmt.Sprintf("A store is opened by a small write and its delete, which are not in the table: %s, %s.", plural(s.opening.ClassB, "read"), plural(s.opening.ClassA, "write")))
	if s.service.pause > 0 {
		p.text("", "", fmt.Sprintf("The service takes one change of an object in a second, so the story waits %v before it changes what it has just written.", s.service.pause))
	}
	p.line("")
	p.line("%-13s %5s %4s %7s %7s %5s %6s %7s %7s %7s", "scene", "calls", "made", "latency", "saved", "reads", "writes", "sent", "got", "µ$")
	p.line("%s", strings.Repeat("-", textWidth))
}

// sizes says how large the reports are.
func (s *story) sizes() string {
	var all []string
	for _, key := range s.keys {
		all = append(all, size(int64(len(s.reports[key]))))
	}
	return strings.Join(all, ", ")
}

func (p *printer) step(n int, st *step, s *story) {
	p.line("%d. %s", n, st.name)
	for _, r := range st.rows {
		if r == s.bare {
			p.line("   %-10s %5d %4d %7s", r.mode, r.calls, len(r.made), duration(r.latency()))
			continue
		}
		p.line("   %-10s %5s %4d %7s %7s %5d %6d %7s %7s %7.2f", r.mode, number(r.calls), len(r.made),
			duration(r.latency()), duration(s.bare.latency()-r.latency()),
			r.usage.ClassB, r.usage.ClassA, size(r.usage.Sent), size(r.usage.Received), million*r.usage.Cost(s.service.prices))
	}
	p.text("   ", "   ", st.situation)
	if st.lesson != "" {
		p.text("   -> ", "      ", st.lesson)
	}
	p.line("")
}

// month prints what is to be expected of many calls.
func (p *printer) month(s *story) {
	prices := s.service.prices
	p.text("", "", fmt.Sprintf("A month with a million calls like those of a scene would cost, in requests at list prices ($%.2f for a million reads, $%.2f for a million writes):",
		1000*prices.ClassB, 1000*prices.ClassA))
	p.line("")
	p.line("%-28s %12s %12s", "scene", headFirst, oneRequest)
	for i, st := range s.steps {
		name, dollars := fmt.Sprintf("%d. %s", i+1, st.name), func(r *row) string { return fmt.Sprintf("$%.2f", million*r.cost(prices)) }
		p.line("%-28s %12s %12s", name, dollars(st.rows[0]), dollars(st.rows[1]))
	}
	p.line("")
	busy := million * sum(s.bare.took) / time.Duration(max(1, s.bare.calls))
	p.text("", "", fmt.Sprintf("Without a cache, they would keep a core busy for %s hours. Storage is not in these sums, nor is what leaves the region.", number(int64(cmp.Or(busy.Round(time.Hour), busy).Hours()))))
	p.line("")
}

func (p *printer) settings(s *story) {
	p.text("", "  ", fmt.Sprintf("Settings: %s; objects under %s; %d reports of %s, in the bucket as %s together; fresh for %s in memory and for %s in the bucket, stale for %s; %v.",
		s.service.name, s.prefix, len(s.keys), s.sizes(), size(s.steps[0].rows[0].usage.Sent), life(inMemory), life(inBucket), life(stale), s.maker.sources))
}

// number writes n with a comma between each three digits.
func number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// duration writes d with three digits: the rest is noise.
func duration(d time.Duration) string {
	if d < 0 {
		return "-" + duration(-d)
	}
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// life writes d without what is 0 in it.
func life(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}

// size writes a number of bytes with three digits.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%dB", n)
	}
	value, units := float64(n), "kMGTPE"
	for value /= 1000; value >= 999.5; value /= 1000 {
		units = units[1:]
	}
	return strconv.FormatFloat(value, 'g', 3, 64) + units[:1] + "B"
}
