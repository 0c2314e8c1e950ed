package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/objects"
)

// bodyTries is how often a part of a body is asked for whose connection is lost,
// which the SDK sees to before the first byte alone.
const bodyTries = 4

// errReplaced says that an object is another one by now.
var errReplaced = errors.New("s3store: the object was replaced while it was read")

// download is the body of an object on its way.
type download struct {
	store        *Store
	api          *s3.Client
	bucket, name *string
	etag         *string
	body         []byte // of read: in memory of its size
}

// read reads the whole body, which is on its way in from, if that is not nil. The
// parts that are not the first are asked for by themselves, under the same ETag: a
// service gives one connection only so much.
func (d *download) read(ctx context.Context, size int64, from io.ReadCloser) error {
	if size < 0 || int64(int(size)) != size {
		if from != nil {
			_ = from.Close() // of no use
		}
		return fmt.Errorf("s3store: the service says that a body has %d bytes", size)
	}
	d.body = make([]byte, size)
	part := d.store.opt.PartSize
	parts := []span{{0, min(size, part)}}
	for at := part; at < size; at += part {
		parts = append(parts, span{at, min(at+part, size)})
	}
	if from != nil && len(parts) > 1 {
		from = &cut{from}
	}
	if len(parts) == 1 {
		return d.part(ctx, parts[0], from)
	}
	if from != nil {
		defer from.Close() //nolint:errcheck // once more, unless nobody came to read it
	}
	return objects.Parallel(ctx, len(parts), d.store.opt.Concurrency, func(ctx context.Context, i int) error {
		if i == 0 {
			return d.part(ctx, parts[0], from)
		}
		return d.part(ctx, parts[i], nil)
	})
}

// cut is a body whose end is not wanted.
type cut struct{ io.ReadCloser }

// part reads a part of the body: from what is coming, if that is not nil, and
// from where it was lost.
func (d *download) part(ctx context.Context, r span, from io.ReadCloser) error {
	at, delay := r.from, firstDelay
	for try := 1; ; try++ {
		var err error
		if from == nil {
			if from, err = d.open(ctx, span{at, r.to}); err != nil {
				return err
			}
		}
		n, err := io.ReadFull(from, d.body[at:r.to])
		if err == nil {
			err = atEnd(from)
		}
		_ = from.Close() // what was read was read
		if err == nil {
			return nil
		}
		from = nil
		if at += int64(n); at == r.to { // then the checksum of all that came is wrong
			at = r.from
		}
		if try == bodyTries || r.from == r.to || objects.Pause(ctx, delay) != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("s3store: the body of an object: %w", err))
		}
		delay *= 2
	}
}

// atEnd reads the end of a body, where the SDK compares the checksum.
func atEnd(body io.Reader) error {
	if _, is := body.(*cut); is {
		return nil
	}
	n, err := body.Read(make([]byte, 1))
	switch {
	case n > 0:
		return errors.New("more bytes came than were asked for")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

func (d *download) open(ctx context.Context, r span) (io.ReadCloser, error) {
	out, err := d.api.GetObject(ctx, &s3.GetObjectInput{Bucket: d.bucket, Key: d.name, IfMatch: d.etag, Range: r.header()}, d.store.observed)
	if err != nil {
		return nil, d.store.explain("GetObject", err)
	}
	n := aws.ToInt64(out.ContentLength)
	if aws.ToString(out.ETag) == aws.ToString(d.etag) && n == r.to-r.from {
		return out.Body, nil
	}
	_ = out.Body.Close() // of no use
	if aws.ToString(out.ETag) != aws.ToString(d.etag) {
		return nil, errReplaced
	}
	return nil, fmt.Errorf("s3store: of the bytes %d to %d of an object, %d came", r.from, r.to, n)
}

type span struct{ from, to int64 }

// header is a span in a request.
func (r span) header() *string { return aws.String(fmt.Sprintf("bytes=%d-%d", r.from, r.to-1)) }
