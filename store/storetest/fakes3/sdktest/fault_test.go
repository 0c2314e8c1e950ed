package sdktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// once has a client try once.
func once(o *s3.Options) { o.RetryMaxAttempts = 1 }

func TestRetriesPassInNoTime(t *testing.T) {
	for _, fault := range []fakes3.Fault{fakes3.Fail, fakes3.SlowDown, fakes3.Reset, fakes3.LostAnswer} {
		t.Run(fault.String(), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
				server.Script(fakes3.OpPutObject, fault, fault)
				began := time.Now()
				put(t, client, "k", "v")
				if time.Since(began) == 0 || time.Since(began) > time.Minute {
					t.Errorf("three tries took %v", time.Since(began))
				}
				wantRequests(t, server, fakes3.Requests{PutObject: 3})
				if server.Met(fault) != 2 {
					t.Errorf("%d requests met the fault", server.Met(fault))
				}
			})
		})
	}
}

// TestNotRetried is of answers that the SDK returns at once.
func TestNotRetried(t *testing.T) {
	for fault, want := range map[fakes3.Fault]struct {
		status int
		code   string
	}{
		fakes3.Conflict:     {http.StatusConflict, "ConditionalRequestConflict"},
		fakes3.AccessDenied: {http.StatusForbidden, "AccessDenied"},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
				server.Script(fakes3.OpPutObject, fault)
				_, err := tryPut(t, client, "k", "v", ifNoneMatch)
				wantRefusal(t, err, want.status, want.code)
				wantRequests(t, server, fakes3.Requests{PutObject: 1})
				if len(server.Keys(bucket)) != 0 {
					t.Error("it took effect")
				}
			})
		})
	}
}

// TestLostAnswerOfACreation is the trap of create-only writes: the SDK tries
// again, and is told that somebody else was first.
func TestLostAnswerOfACreation(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		server.Script(fakes3.OpPutObject, fakes3.LostAnswer)
		_, err := tryPut(t, client, "k", "ours", ifNoneMatch)
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
		if obj, _ := server.Object(bucket, "k"); string(obj.Body) != "ours" {
			t.Errorf("%q is held", obj.Body)
		}
	})
}

func TestResetIsAnErrorOfTheConnection(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
		client := newClient(server, once)
		server.Script(fakes3.OpPutObject, fakes3.Reset)
		if _, err := tryPut(t, client, "k", "v"); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDamagedBodies(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		body := strings.Repeat("0123456789", 1000)
		put(t, client, "k", body)
		server.Script(fakes3.OpGetObject, fakes3.Truncate, fakes3.FlipBody)
		got, _, err := tryGet(t.Context(), client, "k")
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) >= len(body) {
			t.Errorf("truncated: got %d bytes, %v", len(got), err)
		}
		if _, _, err = tryGet(t.Context(), client, "k"); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("flipped: got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		server.Script(fakes3.OpGetObject, fakes3.HangBody)
		began := time.Now()
		if _, _, err = tryGet(ctx, client, "k"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("hanging: got %v after %v", err, time.Since(began))
		}
		// Bits may turn on the disk too.
		server.Edit(bucket, "k", func(obj *fakes3.Object) { obj.Body[10] ^= 1 })
		if _, _, err = tryGet(t.Context(), client, "k"); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("rotten: got %v", err)
		}
	})
}

func TestErrorInsideOfASuccess(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
		client := newClient(server, once)
		put(t, client, "from", "v")
		server.Script(fakes3.OpCopyObject, fakes3.FailInside)
		if out, err := copyTo(t, client, "from", "to"); err == nil {
			t.Errorf("a copy that failed gave %+v", out)
		}
		complete := uploadParts(t, client, &s3.CreateMultipartUploadInput{}, []byte("part"))
		server.Script(fakes3.OpCompleteMultipartUpload, fakes3.FailInside)
		if out, err := client.CompleteMultipartUpload(t.Context(), complete); err == nil {
			t.Errorf("a completion that failed gave %+v", out)
		}
		if len(server.Keys(bucket)) != 1 || server.OpenUploads() != 1 {
			t.Error("they took effect")
		}
	})
}

func TestHalfOfADeletion(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		var ids []types.ObjectIdentifier
		for _, key := range []string{"a", "b", "c"} {
			put(t, client, key, "")
			ids = append(ids, types.ObjectIdentifier{Key: aws.String(key)})
		}
		server.Script(fakes3.OpDeleteObjects, fakes3.Half)
		out, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{Objects: ids}})
		if err != nil || len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Code != "InternalError" {
			t.Errorf("got %+v, %v", out, err)
		}
	})
}

func TestHangAndLate(t *testing.T) {
	bubble(t, &fakes3.Options{FaultLatency: time.Hour}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		server.Script(fakes3.OpPutObject, fakes3.Late)
		began := time.Now()
		put(t, client, "k", "v")
		if time.Since(began) != time.Hour {
			t.Errorf("it took %v", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		server.Script(fakes3.OpGetObject, fakes3.Hang)
		if _, _, err := tryGet(ctx, client, "k"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
