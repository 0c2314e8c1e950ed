package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/advcache/advcache/store/objects"
)

// story makes reports in all the situations that a bucket meets, and prints what
// that took.
type story struct {
	service *service
	maker   *maker
	keys    []Key
	prefix  string // of all that the story writes, and of nothing else
	modes   []*mode

	print   *printer
	bare    *row // without a cache
	reports map[Key][]byte
	opening objects.Usage // of one store
	steps   []*step
}

// mode is a way to read from the bucket.
type mode struct {
	name string
	tier tier // shared with others
	sole tier // of the only writer
}

// newStory returns a story of the reports of trees. What it writes to the bucket
// begins with prefix and id.
func newStory(s *service, m *maker, trees []string, prefix, id string, out io.Writer) *story {
	st := &story{
		service: s,
		maker:   m,
		prefix:  prefix + id + "/",
		print:   &printer{out: out},
		reports: map[Key][]byte{},
	}
	day := time.Now().Format(time.DateOnly)
	for _, tree := range trees {
		st.keys = append(st.keys, Key{tree, day})
	}
	// What a service cannot do need be said once only.
	var logger *slog.Logger
	for _, name := range []string{headFirst, oneRequest} {
		open := func(folder string, sole bool) tier {
			t := s.open(tierOptions{prefix: st.prefix + folder + "/", oneRequest: name == oneRequest, soleWriter: sole, logger: logger})
			logger = slog.New(slog.DiscardHandler)
			return t
		}
		st.modes = append(st.modes, &mode{name: name, tier: open(name, false), sole: open(name+"-sole", true)})
	}
	return st
}

// The names of the modes.
const (
	headFirst  = "HeadFirst"
	oneRequest = "OneRequest"
)

// tell runs all steps, and deletes what they wrote. Its error is that of ctx, or
// what should not have failed.
func (s *story) tell(ctx context.Context) (err error) {
	var tiers []tier
	defer func() {
		if failed := clearAll(ctx, tiers); failed != nil {
			err = errors.Join(err, fmt.Errorf("what was written under %s could not be deleted: %w", s.prefix, failed))
		} else if err == nil {
			s.print.line("All that was written under %s is deleted again.", s.prefix)
			err = s.print.err
		}
	}()
	for _, m := range s.modes {
		for _, t := range []tier{m.tier, m.sole} {
			err := check(ctx, t)
			if err == nil || ctx.Err() != nil { // else there is nothing to delete, or nobody to do it
				tiers = append(tiers, t)
			}
			if err != nil {
				return fmt.Errorf("the bucket cannot be used: %w", err)
			}
			s.opening = t.Usage()
		}
	}
	if err := s.withoutCache(ctx); err != nil {
		return err
	}
	s.print.intro(s)
	s.print.step(0, &step{name: "no cache", situation: "The maker alone, once for each report.", rows: []*row{s.bare}}, s)
	for _, scene := range scenes {
		if err := s.play(ctx, scene); err != nil {
			return err
		}
		if err := cmp.Or(ctx.Err(), s.print.err); err != nil {
			return err
		}
	}
	s.print.month(s)
	s.print.settings(s)
	return s.print.err
}

// withoutCache makes all reports.
func (s *story) withoutCache(ctx context.Context) error {
	s.bare = &row{mode: "maker"}
	for _, key := range s.keys {
		start := time.Now()
		report, err := s.maker.report(ctx, key)
		if err != nil {
			return err
		}
		s.bare.took = append(s.bare.took, time.Since(start))
		s.bare.calls++
		s.reports[key] = report
	}
	s.bare.made = s.maker.drain()
	return nil
}

// play plays a scene in each mode.
func (s *story) play(ctx context.Context, sc scene) error {
	st := &step{name: sc.name, situation: sc.situation}
	for _, m := range s.modes {
		r := &row{mode: m.name}
		if err := s.measure(ctx, &sc, m, r); err != nil {
			return fmt.Errorf("%s, %s: %w", sc.name, m.name, err)
		}
		st.rows = append(st.rows, r)
	}
	if each(st.rows, sc.shows) {
		st.lesson = sc.lesson
	}
	s.steps = append(s.steps, st)
	s.print.step(len(s.steps), st, s)
	return nil
}

// measure plays a scene in one mode.
func (s *story) measure(ctx context.Context, sc *scene, m *mode, r *row) (err error) {
	t := m.tier
	if sc.sole {
		t = m.sole
	}
	if err := s.prepare(ctx, sc, t); err != nil {
		return err
	}
	p := start(t, s.maker)
	running := true
	end := func() error {
		running = false
		return p.close(context.WithoutCancel(ctx))
	}
	defer func() {
		if running {
			err = errors.Join(err, end())
		}
	}()
	if sc.filled {
		if err := askEach(ctx, s, p, new(row)); err != nil {
			return err
		}
	}
	s.maker.drain()
	before := t.Usage()
	if err := sc.act(ctx, s, p, r); err != nil {
		return err
	}
	// What goes on in the background is part of it.
	if err := end(); err != nil {
		return err
	}
	r.usage = t.Usage().Since(before)
	r.made = s.maker.drain()
	return nil
}

// prepare brings about the situation of a scene, which is not measured.
func (s *story) prepare(ctx context.Context, sc *scene, t tier) (err error) {
	if err := wait(ctx, s.service.pause); err != nil || sc.before == nil {
		return err
	}
	p := start(t, s.maker)
	defer func() { err = errors.Join(err, p.close(context.WithoutCancel(ctx))) }()
	if err := sc.before(ctx, s, p); err != nil {
		return err
	}
	return wait(ctx, s.service.pause)
}

// call calls a function and takes the time. It must give the report that there is
// without a cache.
func (s *story) call(ctx context.Context, r *row, key Key, get func(context.Context, Key) ([]byte, error)) error {
	start := time.Now()
	report, err := get(ctx, key)
	r.took = append(r.took, time.Since(start))
	r.calls++
	if err != nil {
		return err
	}
	if !bytes.Equal(report, s.reports[key]) {
		return fmt.Errorf("the report of %s is not the one that was stored", key.Tree)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
