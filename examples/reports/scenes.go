package main

import (
	"context"
	"time"

	"github.com/advcache/advcache"
)

const (
	warmCalls = 100 // for each report

	// shortLife is that of a report that is to be expired soon, and beyond how
	// far past its end the story goes on.
	shortLife = 100 * time.Millisecond
	beyond    = 20 * time.Millisecond
)

// scene is a situation, and what is done in it by a new process.
type scene struct {
	name, situation string
	sole            bool // with the store of the only writer
	filled          bool // memory holds all reports
	before          func(context.Context, *story, *process) error
	act             func(context.Context, *story, *process, *row) error
	// lesson is what the scene shows, if shows says that it does, of each mode.
	lesson string
	shows  func(*row) bool
}

// scenes are in their order: each finds the bucket as the one before has left it.
var scenes = []scene{
	{
		name:      "cold",
		situation: "The first call for each report: nothing is in memory, nothing in the bucket.",
		act:       askEach,
		lesson:    "Each was made once, and is kept in both tiers, in the bucket compressed.",
		shows:     func(r *row) bool { return len(r.made) == r.calls },
	},
	{
		name:      "warm, in memory",
		situation: "Many calls for each report, after a first one.",
		act:       askMemory,
		filled:    true,
		lesson:    "The bucket is not asked.",
		shows:     func(r *row) bool { return r.usage.Requests() == 0 },
	},
	{
		name:      "warm, in the bucket",
		situation: "A new process, or another machine: its memory is empty, the bucket is not.",
		act:       askEach,
		lesson:    "The maker is not asked. HeadFirst takes two requests, OneRequest one.",
		shows: func(r *row) bool {
			return len(r.made) == 0 && r.usage.ClassB == int64(r.calls)*map[string]int64{headFirst: 2, oneRequest: 1}[r.mode]
		},
	},
	{
		name:      "expired",
		situation: "What the bucket holds is dead: too old to be served.",
		before:    expire,
		act:       askEach,
		lesson:    "The metadata told. HeadFirst reads nothing of a dead body, OneRequest no more than 256 KiB.",
		shows: func(r *row) bool {
			return r.usage.Received <= int64(r.calls)*map[string]int64{oneRequest: 256 << 10}[r.mode] && len(r.made) == r.calls
		},
	},
	{
		name:      "stale, and unchanged",
		situation: "What the bucket holds may still be served, while a new report is made in the background. It turns out to be the same.",
		before:    age,
		act:       askStale,
		lesson:    "Nobody waited for the maker. No body was sent again: the objects got their new life by their metadata alone.",
		shows:     func(r *row) bool { return r.usage.Sent == 0 && len(r.made) == r.calls },
	},
	{
		name:      "unchanged",
		situation: "A job makes all reports again, half of whose life is over, and stores them. They are the same.",
		before:    halve,
		act:       republish,
		lesson:    "No body moved. A look told that the content is the same, and the objects got their new life by their metadata alone.",
		shows:     func(r *row) bool { return r.usage.Sent == 0 && r.usage.Received == 0 },
	},
	{
		name:      "unchanged, soon after",
		situation: "The job runs again at once.",
		act:       republish,
		lesson:    "More than three quarters of the life are left: a look is all it takes.",
		shows:     func(r *row) bool { return r.usage.ClassA == 0 && r.usage.Sent == 0 },
	},
	{
		name:      "unchanged, sole writer",
		situation: "The same, where the store is the only one that writes its objects (SoleWriter).",
		sole:      true,
		before:    publish,
		act:       republish,
		lesson:    "It remembers what it has written, and asks nobody.",
		shows:     func(r *row) bool { return r.usage.Requests() == 0 },
	},
}

// askEach calls for each report once.
func askEach(ctx context.Context, s *story, p *process, r *row) error {
	for _, key := range s.keys {
		if err := s.call(ctx, r, key, p.report); err != nil {
			return err
		}
	}
	return nil
}

// askStale calls for each report once, and waits for the new ones.
func askStale(ctx context.Context, s *story, p *process, r *row) error {
	if err := askEach(ctx, s, p, r); err != nil {
		return err
	}
	return p.settle(ctx, len(s.keys))
}

// askMemory calls for each report many times.
func askMemory(ctx context.Context, s *story, p *process, r *row) error {
	for _, key := range s.keys {
		for range warmCalls {
			if err := s.call(ctx, r, key, p.report); err != nil {
				return err
			}
		}
	}
	return nil
}

// republish makes each report and stores it, as a job does that runs by the clock.
func republish(ctx context.Context, s *story, p *process, r *row) error {
	for _, key := range s.keys {
		if err := s.call(ctx, r, key, func(ctx context.Context, key Key) ([]byte, error) {
			report, err := s.maker.report(ctx, key)
			if err != nil {
				return nil, err
			}
			return report, p.stored.Set(ctx, key, report)
		}); err != nil {
			return err
		}
	}
	return nil
}

// publish stores each report.
func publish(ctx context.Context, s *story, p *process) error {
	for _, key := range s.keys {
		if err := p.stored.Set(ctx, key, s.reports[key]); err != nil {
			return err
		}
	}
	return nil
}

// halve leaves half of its life to each report.
func halve(ctx context.Context, s *story, p *process) error {
	now := time.Now()
	return s.keep(ctx, p, advcache.Entry[[]byte]{CreatedAt: now, FreshUntil: now.Add(inBucket / 2), StaleUntil: now.Add(inBucket/2 + stale)})
}

// age makes each report so old that it is stale.
func age(ctx context.Context, s *story, p *process) error {
	now := time.Now()
	return s.keep(ctx, p, advcache.Entry[[]byte]{CreatedAt: now.Add(-inBucket - time.Hour), FreshUntil: now.Add(-time.Hour), StaleUntil: now.Add(stale - time.Hour)})
}

// expire has each report dead.
func expire(ctx context.Context, s *story, p *process) error {
	for _, key := range s.keys {
		if err := p.objects.Set(ctx, p.stored.Key(key), s.reports[key], shortLife); err != nil {
			return err
		}
	}
	return wait(ctx, shortLife+beyond)
}

// keep gives the objects of all reports a life.
func (s *story) keep(ctx context.Context, p *process, entry advcache.Entry[[]byte]) error {
	for _, key := range s.keys {
		entry.Value = s.reports[key]
		if err := p.objects.SetEntry(ctx, p.stored.Key(key), entry); err != nil {
			return err
		}
	}
	return nil
}
