package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key says which report: that of a tree of sources, as it is on a day.
type Key struct{ Tree, Day string }

// template makes keys of the cache of Keys, and so the names of objects.
const template = "reports/{Tree}/{Day}.csv"

// maker makes reports, which is slow. It remembers how long each took.
type maker struct {
	sources sources
	mu      sync.Mutex
	took    []time.Duration
}

// report makes the report of a tree: CSV with a row for each identifier of each
// file, how often it is used, and in which lines. Equal sources give equal bytes.
func (m *maker) report(ctx context.Context, key Key) ([]byte, error) {
	start := time.Now()
	var out bytes.Buffer
	rows := csv.NewWriter(&out)
	err := rows.Write([]string{"file", "identifier", "uses", "lines"})
	if err != nil {
		return nil, err
	}
	for file, err := range m.sources.files(key.Tree) {
		if err == nil {
			err = ctx.Err() // nobody waits for the report any more
		}
		if err != nil {
			return nil, err
		}
		for _, used := range identifiers(file.content) {
			if err := rows.Write([]string{file.name, used.name, strconv.Itoa(used.uses), used.lines.String()}); err != nil {
				return nil, err
			}
		}
	}
	rows.Flush()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.took = append(m.took, time.Since(start))
	return out.Bytes(), rows.Error()
}

// drain returns how long the reports took that were made since the last drain.
func (m *maker) drain() []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	took := m.took
	m.took = nil
	return took
}

// identifier is one of a file.
type identifier struct {
	name  string
	uses  int
	last  int             // line
	lines strings.Builder // with a space between each two
}

// identifiers returns those of a file, by their first use. What is no Go is passed
// over.
func identifiers(content []byte) []*identifier {
	file := token.NewFileSet().AddFile("", -1, len(content))
	var s scanner.Scanner
	s.Init(file, content, nil, 0)
	known := map[string]*identifier{}
	var all []*identifier
	for {
		pos, tok, name := s.Scan()
		switch tok {
		case token.EOF:
			return all
		case token.IDENT:
			id := known[name]
			if id == nil {
				id = &identifier{name: name}
				known[name] = id
				all = append(all, id)
			}
			id.use(file.Line(pos))
		default:
		}
	}
}

func (id *identifier) use(line int) {
	id.uses++
	if line == id.last {
		return
	}
	if id.last > 0 {
		id.lines.WriteByte(' ')
	}
	id.lines.WriteString(strconv.Itoa(line))
	id.last = line
}
