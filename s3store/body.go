package s3store

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/objects"
)

// body reads the body of an answer, into memory of its size. Of one that has more
// than a part, the others are asked for by themselves, under the same ETag: a
// service gives one connection only so much.
func (s *Store) body(ctx context.Context, api *s3.Client, in *s3.GetObjectInput, out *s3.GetObjectOutput, size int64) ([]byte, error) {
	if size < 0 || int64(int(size)) != size {
		return nil, fmt.Errorf("s3store: the service says that a body has %d bytes", size)
	}
	body := make([]byte, size)
	if size <= s.opt.PartSize {
		return body, fill(body, out.Body)
	}
	var parts []span
	for at := int64(0); at < size; at += s.opt.PartSize {
		parts = append(parts, span{at, min(at+s.opt.PartSize, size)})
	}
	return body, objects.Parallel(ctx, len(parts), s.opt.Concurrency, func(ctx context.Context, i int) error {
		r := parts[i]
		if i == 0 { // which is under way
			return fill(body[:r.to], out.Body)
		}
		part, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, IfMatch: out.ETag, Range: r.header()})
		if err != nil {
			return s.explain("GetObject", err)
		}
		defer part.Body.Close() //nolint:errcheck // as in get
		if n := aws.ToInt64(part.ContentLength); n != r.to-r.from {
			return fmt.Errorf("s3store: of the bytes %d to %d of an object, %d came", r.from, r.to, n)
		}
		return fill(body[r.from:r.to], part.Body)
	})
}

type span struct{ from, to int64 }

// header is a span in a request.
func (r span) header() *string { return aws.String(fmt.Sprintf("bytes=%d-%d", r.from, r.to-1)) }

// fill reads as many bytes as to has.
func fill(to []byte, from io.Reader) error {
	if _, err := io.ReadFull(from, to); err != nil {
		return fmt.Errorf("s3store: the body of an object: %w", err)
	}
	return nil
}
