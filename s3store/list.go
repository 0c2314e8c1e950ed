package s3store

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/objects"
)

// pages lists what keys with a prefix may have, 1,000 objects at a time. An error
// is the last page.
func (s *Store) pages(ctx context.Context, api *s3.Client, prefix string) iter.Seq2[[]objects.Listed, error] {
	return func(yield func([]objects.Listed, error) bool) {
		for _, beginning := range s.names.Listings(prefix) {
			lists := s3.NewListObjectsV2Paginator(api, &s3.ListObjectsV2Input{Bucket: aws.String(s.bucket), Prefix: aws.String(beginning)})
			for lists.HasMorePages() {
				list, err := lists.NextPage(ctx, s.observed)
				if err == nil && list.Name == nil {
					err = errNotS3
				}
				if err != nil {
					yield(nil, s.explain("ListObjectsV2", err))
					return
				}
				page := make([]objects.Listed, 0, len(list.Contents))
				for _, obj := range list.Contents {
					page = append(page, objects.Listed{Name: aws.ToString(obj.Key), Size: aws.ToInt64(obj.Size), Modified: aws.ToTime(obj.LastModified)})
				}
				if !yield(page, nil) {
					return
				}
			}
		}
	}
}
