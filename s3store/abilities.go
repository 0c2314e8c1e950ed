package s3store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/advcache/advcache/store/objects"
)

// abilities are what conditional writes need of a service. S3 has them all; of
// another service they are found out.
type abilities struct {
	create     bool // PUT only where nothing is
	replace    bool // PUT only over what was seen
	renew      bool // COPY of an object to itself only from what was seen, with other metadata
	renewOnto  bool // COPY only onto what was seen, too
	removeSeen bool // DELETE only what was seen
}

// probed are the abilities of a service, once they are known.
type probed struct {
	lock  chan struct{} // of one: a context ends the wait for it
	known atomic.Pointer[abilities]
}

// able returns what the service is able to. It asks a service that is not AWS by
// some requests on an object of no key, once. An error is not remembered.
func (s *Store) able(ctx context.Context, api *s3.Client) (*abilities, error) {
	if a := s.probed.known.Load(); a != nil {
		return a, nil
	}
	endpoint := aws.ToString(api.Options().BaseEndpoint)
	if isAWS(endpoint) {
		a := &abilities{true, true, true, true, true}
		s.probed.known.Store(a)
		return a, nil
	}
	select {
	case s.probed.lock <- struct{}{}:
		defer func() { <-s.probed.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a := s.probed.known.Load(); a != nil {
		return a, nil
	}
	a, err := s.probe(ctx, api)
	if err != nil {
		return nil, fmt.Errorf("%w (while the service at %s was asked which conditions it keeps)", err, endpoint)
	}
	if lacks := a.lacks(); lacks != "" && isNews(api) {
		s.opt.Logger.WarnContext(ctx, "s3store: the service does not keep all conditions that S3 does",
			slog.String("lacks", lacks), slog.String("endpoint", endpoint), slog.String("bucket", s.bucket))
	}
	s.probed.known.Store(a)
	return a, nil
}

// told are the clients whose service was told of.
var told sync.Map // by a weak.Pointer

// isNews reports whether nobody was told of the service of a client yet: a program
// has many stores of it.
func isNews(api *s3.Client) bool {
	client := weak.Make(api)
	_, known := told.LoadOrStore(client, true)
	if !known {
		runtime.AddCleanup(api, func(client weak.Pointer[s3.Client]) { told.Delete(client) }, client)
	}
	return !known
}

// isAWS reports whether an endpoint is one of AWS, as it is where there is none.
func isAWS(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return endpoint == ""
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") || strings.HasSuffix(host, ".api.aws")
}

// lacks says in words what is missing, and what follows.
func (a *abilities) lacks() string {
	var lacks []string
	for _, l := range []struct {
		able bool
		text string
	}{
		{a.create, "If-None-Match of PUT (conditional writes give errors.ErrUnsupported)"},
		{a.replace, "If-Match of PUT (conditional writes give errors.ErrUnsupported)"},
		{a.renew, "a COPY of an object to itself with other metadata, on the condition that it is as it was seen (a longer life takes a write of the whole object)"},
		{a.renewOnto || !a.renew, "If-Match of COPY (a longer life on the condition of a Version takes a write of the whole object)"},
		{a.removeSeen, "If-Match of DELETE (conditional deletes leave a small dead object)"},
	} {
		if !l.able {
			lacks = append(lacks, l.text)
		}
	}
	return strings.Join(lacks, "; ")
}

// probe makes an object, and tries what must be refused on it, and what must not.
func (s *Store) probe(ctx context.Context, api *s3.Client) (a *abilities, err error) {
	p := probe{store: s, api: api, name: s.opt.Prefix + "!probe-" + objects.NewVersion()} // no key has that name
	if err := p.put(ctx, "", ""); err != nil {
		return nil, err
	}
	defer func() {
		if _, failed := p.delete(ctx, ""); failed != nil && err == nil {
			err = failed
		}
	}()
	a = new(abilities)
	if a.create, err = keeps(p.put(ctx, "", "*")); err != nil {
		return nil, err
	}
	if a.replace, err = keeps(p.put(ctx, otherETag, "")); err != nil {
		return nil, err
	}
	if a.replace { // it may refuse all
		if a.replace, err = takes(p.put(ctx, p.etag, "")); err != nil {
			return nil, err
		}
	}
	if a.renew, err = keeps(p.copy(ctx, otherETag, "", "1")); err != nil {
		return nil, err
	}
	if a.renewOnto, err = keeps(p.copy(ctx, p.etag, otherETag, "2")); err != nil {
		return nil, err
	}
	if a.renew, a.renewOnto, err = p.renews(ctx, a.renew, a.renewOnto); err != nil {
		return nil, err
	}
	a.removeSeen, err = p.delete(ctx, otherETag)
	return a, err
}

// otherETag is that of no object of a probe.
const otherETag = `"00000000000000000000000000000000"`

// probe is an object to try things on.
type probe struct {
	store *Store
	api   *s3.Client
	name  string
	etag  string
}

// keeps reports whether an answer is that of a condition which does not hold. An
// error is one that tells nothing of conditions.
func keeps(err error) (bool, error) {
	if err == nil || lostRace(err) {
		return err != nil, nil
	}
	return false, ofService(err)
}

// takes reports whether a request was done.
func takes(err error) (bool, error) {
	return err == nil, ofService(err)
}

// ofService returns err, unless the service says by it that it does not know the
// request.
func ofService(err error) error {
	r, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if ok && r.HTTPStatusCode() != 403 && r.HTTPStatusCode() != 429 && (r.HTTPStatusCode() < 500 || r.HTTPStatusCode() == 501) {
		return nil
	}
	return err
}

func (p *probe) put(ctx context.Context, match, none string) error {
	u := upload{bucket: aws.String(p.store.bucket), name: aws.String(p.name), body: pieces{objects.Nonce()}}
	etag, err := p.store.send(ctx, p.api, &u, match, none)
	if err == nil {
		p.etag = etag
	}
	return err
}

func (p *probe) copy(ctx context.Context, from, onto, mark string) error {
	_, err := p.store.copyObject(ctx, p.api, &s3.CopyObjectInput{
		Bucket: aws.String(p.store.bucket), Key: aws.String(p.name), CopySource: aws.String(source(p.store.bucket, p.name)),
		CopySourceIfMatch: aws.String(from), IfMatch: optional(onto),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"ac-probe": mark},
	})
	return err
}

// renews reports whether a COPY to itself gives an object other metadata where
// its conditions hold, and whether it can have one on the destination.
func (p *probe) renews(ctx context.Context, from, onto bool) (bool, bool, error) {
	if !from {
		return false, false, nil
	}
	done := false
	if onto {
		var err error
		if done, err = takes(p.copy(ctx, p.etag, p.etag, "3")); err != nil {
			return false, false, err
		}
		onto = done
	}
	if !done {
		var err error
		if done, err = takes(p.copy(ctx, p.etag, "", "3")); err != nil || !done {
			return false, false, err
		}
	}
	out, err := p.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(p.store.bucket), Key: aws.String(p.name)}, p.store.observed)
	if err != nil {
		return false, false, p.store.explain("HeadObject", err)
	}
	return objects.Field(out.Metadata, "ac-probe") == "3", onto, nil
}

// delete deletes the object, with an ETag if it has that one. It reports whether
// it refused to.
func (p *probe) delete(ctx context.Context, etag string) (bool, error) {
	return keeps(p.store.deleteName(ctx, p.api, p.name, etag))
}
