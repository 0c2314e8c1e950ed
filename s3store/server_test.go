package s3store_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// leash runs a program for as long as somebody holds the other end of its
// standard input: no server outlives the tests, however they end.
const leash = `"$0" "$@" </dev/null >/dev/null 2>&1 &
read -r _
kill -9 $!
wait`

// versitygw starts a real S3 server in a folder of the test, and returns a client
// of it.
func versitygw(t *testing.T) *s3.Client {
	t.Helper()
	program, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skip("there is no versitygw in PATH: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, and run the test again")
	}
	for range 5 { // the port may be taken by then
		var client *s3.Client
		if client, err = tryVersitygw(t, program); err == nil {
			return client
		}
	}
	t.Fatal(err)
	return nil
}

func tryVersitygw(t *testing.T, program string) (*s3.Client, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		return nil, err
	}
	cmd := exec.Command("sh", "-c", leash, program, "-p", "127.0.0.1:"+strconv.Itoa(addr.Port), "-a", "key", "-s", "secret",
		"--keep-alive", "--quiet", "posix", t.TempDir())
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = end.Close()
		_ = cmd.Wait()
	}
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + addr.String()), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		// As in a configuration that is loaded.
		RequestChecksumCalculation:                aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation:                aws.ResponseChecksumValidationWhenSupported,
		DisableLogOutputChecksumValidationSkipped: true,
	})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)})
		if err == nil {
			t.Cleanup(stop)
			return client, nil
		}
		if ctx.Err() != nil {
			stop()
			return nil, fmt.Errorf("versitygw does not start: %w", err)
		}
		wait(ctx, 20*time.Millisecond)
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

const (
	inFolders = "versitygw keeps objects in folders: no key is a folder of another, and no segment has over 255 bytes"
	inSteps   = "versitygw judges a condition and writes in two steps, and a body and its metadata too; it has no condition on the destination of a copy"
)

// TestConformanceOfServer runs the suites over a real server.
func TestConformanceOfServer(t *testing.T) {
	client := versitygw(t)
	var last atomic.Int64
	var prefixes sync.Map // of stores
	newStore := func() *s3store.Store {
		prefix := fmt.Sprintf("store%d/", last.Add(1))
		s := s3store.New(client, bucket, &s3store.Options{Prefix: prefix})
		prefixes.Store(s, prefix)
		return s
	}
	around := func(t *testing.T, test func(t *testing.T)) {
		t.Parallel()
		test(t)
	}
	t.Run("Store", func(t *testing.T) {
		storetest.Run(t, storetest.Harness{
			New:     func(*testing.T) store.Store { return newStore() },
			Around:  around,
			Unit:    500 * time.Millisecond,
			Without: []string{"GetMany", "PutMany", "TouchVersion"},
			Except: map[string]string{
				"Clear/Paths": inFolders, "Clear/All": inFolders, "Keys/Touch": inFolders, "Keys/OneByOne": inFolders, "Keys/Prefixes": inFolders,
				"Keys/Delete": inFolders, "Keys/Conditions": inFolders, "Keys/LongestAllowed": inFolders, "Foreign/AwkwardKeys": inFolders,
				"Race": inSteps, "Touch/IfVersion": inSteps,
			},
			Raw: func(t *testing.T, s store.Store, key string, data []byte) {
				_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
					Bucket: aws.String(bucket), Key: aws.String(s.(*s3store.Store).Name(key)), Body: strings.NewReader(string(data)),
				})
				if err != nil {
					t.Fatal(err)
				}
			},
		})
	})
	t.Run("Cache", func(t *testing.T) {
		cachetest.Run(t, cachetest.Harness{
			New:        func(*testing.T) advcache.Cache[string] { return store.New[string](newStore(), nil) },
			Around:     around,
			Unit:       500 * time.Millisecond,
			Resolution: time.Millisecond,
			Except: map[string]string{
				"Clear/Prefix": inFolders, "Clear/AwkwardKeys": inFolders, "Keys": inFolders, "Race": inSteps,
			},
		})
	})
}

// TestPartsOfServer holds that a real server takes the parts of a large body, with
// checksums and without, and gives them back.
func TestPartsOfServer(t *testing.T) {
	client := versitygw(t)
	plain := client.Options()
	plain.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	value := strings.Repeat("0123456789abcdef", 17<<16)
	for name, client := range map[string]*s3.Client{"checksums": client, "none": s3.New(plain)} {
		for _, freshness := range []s3store.Freshness{s3store.HeadFirst, s3store.OneRequest} {
			s := s3store.New(client, bucket, &s3store.Options{Prefix: name + "/", Freshness: freshness})
			c := store.New[string](s, &store.Options{Compression: codec.None})
			if err := c.Set(t.Context(), "k", value, time.Hour); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, ok, err := c.Get(t.Context(), "k"); got != value || !ok || err != nil {
				t.Errorf("%s: Get = %.20q, %t, %v", name, got, ok, err)
			}
		}
	}
}
