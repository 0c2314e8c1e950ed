package s3store

import (
	"errors"
	"net/http"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// errNotS3 is about answers such as those of a proxy that asks for a log-in: the
// SDK takes any 200 for a success, and a delete that was not done for one that was.
var errNotS3 = errors.New("s3store: the answer is not that of an S3 service: is there a proxy or a log-in page on the way?")

// recognize returns errNotS3 for a success that lacks what S3 answers an operation
// with. What stands in the document of an answer is looked at by who asked.
func recognize(op string, r *smithyhttp.Response) error {
	if r.StatusCode >= http.StatusMultipleChoices {
		return nil
	}
	ours := true
	switch op {
	case "HeadObject", "GetObject", "PutObject", "UploadPart":
		ours = r.Header.Get("ETag") != ""
	case "DeleteObject":
		ours = r.StatusCode == http.StatusNoContent || r.Header.Get("X-Amz-Request-Id") != ""
	}
	if ours {
		return nil
	}
	return errNotS3
}
