package advcache

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// outage tells the requests of one batch that the level has let one of them wait
// until its time was over, so that the others need not wait as long each (law
// 7). Reads and writes have one each: a level that cannot read so much in time
// may still be written to. Nil, for requests of no batch, is never told
// anything.
type outage struct {
	reads  atomic.Bool
	writes atomic.Pointer[error]
}

// noReads reports whether nothing is to be read any more.
func (o *outage) noReads() bool { return o != nil && o.reads.Load() }

// noWrites returns why nothing is to be written any more, if so.
func (o *outage) noWrites() error {
	if o == nil {
		return nil
	}
	if why := o.writes.Load(); why != nil {
		return *why
	}
	return nil
}

// read notes how a read ended whose caller still waits.
func (o *outage) read(err error) {
	if o != nil && timedOut(err) {
		o.reads.Store(true)
	}
}

// wrote notes how a write ended whose load is still under way.
func (o *outage) wrote(err error) {
	if o == nil || !timedOut(err) {
		return
	}
	if op, ok := errors.AsType[*OpError](err); ok {
		err = op.Err // of another key than those that are told
	}
	err = fmt.Errorf("not tried, since another write of the batch had no answer in time: %w", err)
	o.writes.CompareAndSwap(nil, &err)
}

// timedOut reports whether err says that the time for a request was over.
func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// missing is which keys an error of a read of many is about.
type missing struct {
	all  bool                // of those that were not found
	keys map[string]*OpError // each with its own error
}

// missingOf looks for errors that name their keys. With anything else in err,
// and where time was the reason, no key that was not found can be relied on.
func missingOf(err error) missing {
	m := missing{all: timedOut(err)}
	m.add(err)
	return m
}

func (m *missing) add(err error) {
	switch e := err.(type) { //nolint:errorlint // what wraps an error may say more than that
	case nil:
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			m.add(one)
		}
	case *OpError:
		if e.Key == "" {
			m.all = true
			return
		}
		if m.keys == nil {
			m.keys = make(map[string]*OpError)
		}
		m.keys[e.Key] = e
	default:
		m.all = true
	}
}

// has reports whether it is not known what the level holds for key.
func (m *missing) has(key string) bool { return m.all || m.keys[key] != nil }

// why returns the error that is about key alone, nil if there is none.
func (m *missing) why(key string) error {
	if err := m.keys[key]; err != nil && !m.all {
		return err
	}
	return nil
}
