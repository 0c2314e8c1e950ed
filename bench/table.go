package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// metric is one number of a row. Low and High, if not both 0, are the quartiles
// of the rounds.
type metric struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
}

func (m metric) String() string {
	if m.Low == 0 && m.High == 0 {
		return number(m.Value)
	}
	return fmt.Sprintf("%s (%s–%s)", number(m.Value), number(m.Low), number(m.High))
}

// spreadOf is the metric of values that have one per round.
func spreadOf(name string, values []float64) metric {
	return metric{Name: name, Value: median(values), Low: quantile(values, 0.25), High: quantile(values, 0.75)}
}

// number prints v with three digits that count.
func number(v float64) string {
	switch abs := math.Abs(v); {
	case v == math.Trunc(v) && abs < 1e9:
		return fmt.Sprintf("%.0f", v)
	case abs < 0.0995:
		return fmt.Sprintf("%.4f", v)
	case abs < 0.995:
		return fmt.Sprintf("%.3f", v)
	case abs < 9.95:
		return fmt.Sprintf("%.2f", v)
	case abs < 99.5:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// verdict says whether advcache reached a goal.
type verdict struct {
	Goal string  `json:"goal"`
	Got  float64 `json:"got"`
	Met  bool    `json:"met"`
}

func (v verdict) String() string {
	word := "missed"
	if v.Met {
		word = "met"
	}
	return v.Goal + ": " + word
}

// atMost judges a number that should not be above limit.
func atMost(what string, limit, got float64) verdict {
	return verdict{Goal: fmt.Sprintf("%s ≤ %s", what, number(limit)), Got: got, Met: got <= limit}
}

// atLeast judges a number that should not be below limit.
func atLeast(what string, limit, got float64) verdict {
	return verdict{Goal: fmt.Sprintf("%s ≥ %s", what, number(limit)), Got: got, Met: got >= limit}
}

// exactly judges a count.
func exactly(what string, want, got float64) verdict {
	return verdict{Goal: fmt.Sprintf("%s = %s", what, number(want)), Got: got, Met: got == want}
}

// row is what one contender did in one work.
type row struct {
	Work      string    `json:"work"`
	Procs     int       `json:"procs"`
	Callers   int       `json:"callers"`
	Contender string    `json:"contender"`
	Metrics   []metric  `json:"metrics"`
	Goals     []verdict `json:"goals,omitempty"`
}

// table renders the rows of one work.
func table(notes []string, rows []row) string {
	if len(rows) == 0 {
		return ""
	}
	head := []string{"contender"}
	for _, r := range rows {
		for _, m := range r.Metrics {
			if !slices.Contains(head, m.Name) {
				head = append(head, m.Name)
			}
		}
	}
	columns := len(head)
	lines := [][]string{append(head, "goals")}
	for _, r := range rows {
		line := make([]string, columns+1)
		line[0], line[columns] = r.Contender, join(r.Goals)
		for _, m := range r.Metrics {
			line[slices.Index(head, m.Name)] = m.String()
		}
		lines = append(lines, line)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s · %s\n", rows[0].Work, rows[0].where())
	align(&out, lines)
	for _, note := range notes {
		fmt.Fprintf(&out, "  note: %s\n", note)
	}
	return out.String()
}

// goals renders every goal with what was measured.
func goals(rows []row) string {
	met, total := 0, 0
	var lines [][]string
	for _, r := range rows {
		for _, g := range r.Goals {
			total++
			if g.Met {
				met++
			}
			lines = append(lines, []string{r.Work, r.where(), r.Contender, g.String(), fmt.Sprintf("got %.4g", g.Got)})
		}
	}
	var out strings.Builder
	out.WriteString("\nGoals\n")
	align(&out, lines)
	fmt.Fprintf(&out, "  %d of %d met\n", met, total)
	return out.String()
}

func (r row) where() string {
	return fmt.Sprintf("GOMAXPROCS %d, %s", r.Procs, plural(r.Callers, "caller"))
}

// align writes lines with their cells in columns.
func align(out *strings.Builder, lines [][]string) {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		var text strings.Builder
		for i, cell := range line {
			text.WriteString("  ")
			text.WriteString(cell)
			text.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		out.WriteString(strings.TrimRight(text.String(), " "))
		out.WriteByte('\n')
	}
}

func writeJSON(path string, rows []row) error {
	data, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

func join(goals []verdict) string {
	words := make([]string, len(goals))
	for i, g := range goals {
		words[i] = g.String()
	}
	return strings.Join(words, "; ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
