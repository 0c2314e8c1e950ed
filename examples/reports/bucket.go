package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// requestTimeout is how long a call of a bucket may take: reports have some MB.
const requestTimeout = 30 * time.Second

// service is a bucket of an object store, in the words that all of them share. A
// further one is a file like bucket_s3.go or bucket_gcs.go.
type service struct {
	name          string // for people
	reads, writes string // what its requests are called
	prices        objects.Prices
	// pause is how long an object must be left alone between two changes.
	pause time.Duration
	open  func(o tierOptions) tier
	close func() error
}

// tier is a store in a bucket, which counts its requests.
type tier interface {
	store.Store
	Usage() objects.Usage
}

// tierOptions are the options of a tier that make a difference in the story.
type tierOptions struct {
	prefix     string
	oneRequest bool // Freshness
	soleWriter bool
	logger     *slog.Logger // nil: the default one
}

// check makes and deletes a small object, so that a bucket that is not there, or
// lacks rights or credentials, is an error before the story begins: a cached
// function would serve what its loader gives. It is also the first write, at which
// a store finds out what a service is able to.
func check(ctx context.Context, t tier) error {
	small := store.New[string](t, &store.Options{Timeout: requestTimeout})
	const key = "check"
	if _, err := small.SetIfAbsent(ctx, key, "", time.Minute); err != nil {
		return err
	}
	return small.Delete(ctx, key)
}

// clearAll deletes all that was written to tiers, also where ctx is done.
func clearAll(ctx context.Context, tiers []tier) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var errs []error
	for _, t := range tiers {
		errs = append(errs, store.Clear(ctx, t, ""))
	}
	return errors.Join(errs...)
}
