package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/advcache/advcache/store/storetest/fakegcs"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestRun runs the program over the true standard library.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), []string{"-trees", "errors,container", "-prefix", "here/"}, &out, &errOut); code != 0 || errOut.Len() > 0 {
			t.Fatalf("exit code %d: %s", code, &errOut)
		}
		for _, pattern := range []string{
			`(?m)^0\. no cache\n   maker +2 +2 `,
			`(?m)^1\. cold\n   HeadFirst +2 +2 .* 4 +2 +\S+kB +0B +11\.60\n   OneRequest +2 +2 .* 4 +2 +\S+kB +0B +11\.60$`,
			`(?m)^2\. warm, in memory\n   HeadFirst +200 +0 .* 0 +0 +0B +0B +0\.00\n   OneRequest +200 +0 .* 0 +0 +0B +0B +0\.00$`,
			`(?m)^3\. warm, in the bucket\n   HeadFirst +2 +0 .* 4 +0 +0B +\S+kB +1\.60\n   OneRequest +2 +0 .* 2 +0 +0B +\S+kB +0\.80$`,
			`(?m)^4\. expired\n   HeadFirst +2 +2 .* 4 +2 +\S+kB +0B +11\.60\n   OneRequest +2 +2 .* 4 +2 +\S+kB `,
			`(?m)^5\. stale, and unchanged\n   HeadFirst +2 +2 .* 6 +2 +0B +\S+kB +12\.40\n   OneRequest +2 +2 .* 4 +2 +0B +\S+kB +11\.60$`,
			`(?m)^6\. unchanged\n   HeadFirst +2 +2 .* 2 +2 +0B +0B +10\.80\n   OneRequest +2 +2 .* 2 +2 +0B +0B +10\.80$`,
			`(?m)^7\. unchanged, soon after\n   HeadFirst +2 +2 .* 2 +0 +0B +0B +0\.80\n   OneRequest +2 +2 .* 2 +0 +0B +0B +0\.80$`,
			`(?m)^8\. unchanged, sole writer\n   HeadFirst +2 +2 .* 0 +0 +0B +0B +0\.00\n   OneRequest +2 +2 .* 0 +0 +0B +0B +0\.00$`,
			`(?m)^1\. cold +\$5\.80 +\$5\.80$`,
			`(?m)^3\. warm, in the bucket +\$0\.80 +\$0\.40$`,
			`(?m)^8\. unchanged, sole writer +\$0\.00 +\$0\.00$`,
			`(?m)^Settings: an S3 server inside this process`,
			`(?m)^All that was written under here/\w{12}/ is deleted again\.$`,
		} {
			if !regexp.MustCompile(pattern).MatchString(out.String()) {
				t.Errorf("the output has no line like %s", pattern)
			}
		}
		if t.Failed() {
			t.Logf("the output:\n%s", &out)
		}
	})
}

// noCloud hides what the environment says of buckets.
func noCloud(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ROLE_ARN",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none"))
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
}

// overHTTP returns the server that a transport stands for.
func overHTTP(t *testing.T, transport http.RoundTripper) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme, r.URL.Host = "http", r.Host
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body) // who leaves early does so on purpose
	}))
	t.Cleanup(server.Close)
	return server
}

// TestRunOnAServer runs the program over a server that is asked by HTTP.
func TestRunOnAServer(t *testing.T) {
	fake := fakes3.New(&fakes3.Options{Buckets: []string{"reports-here"}})
	server := overHTTP(t, fake)
	noCloud(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")

	var out, errOut bytes.Buffer
	args := []string{"-trees", "errors", "-bucket", "reports-here", "-s3-endpoint", server.URL}
	if code := run(t.Context(), args, &out, &errOut); code != 0 || errOut.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, &errOut)
	}
	if want := "the bucket reports-here at " + server.URL; !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
		t.Errorf("the output does not say %s:\n%s", want, &out)
	}
	if got := fake.Keys("reports-here"); len(got) > 0 {
		t.Errorf("at the end the bucket holds %q", got)
	}

	args[3] = "none-such"
	out.Reset()
	code := run(t.Context(), args, &out, &errOut)
	if got := errOut.String(); code != exitFailed || !strings.Contains(got, `there is no bucket "none-such"`) || strings.Count(got, "\n") != 1 || out.Len() > 0 {
		t.Errorf("without the bucket: exit code %d, %s", code, got)
	}
}

// TestRunWithoutAGCSBucket asks a server for a bucket that it has not. With one,
// the pauses that GCS needs make the program too slow for a test.
func TestRunWithoutAGCSBucket(t *testing.T) {
	noCloud(t)
	t.Setenv("STORAGE_EMULATOR_HOST", overHTTP(t, fakegcs.New(nil)).URL)
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"-trees", "errors", "-gcs-bucket", "none-such"}, &out, &errOut)
	if got := errOut.String(); code != exitFailed || !strings.Contains(got, `there is no bucket "none-such"`) || strings.Count(got, "\n") != 1 || out.Len() > 0 {
		t.Errorf("without the bucket: exit code %d, %s", code, got)
	}
}

func TestRunRefuses(t *testing.T) {
	noCloud(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-s3-endpoint", "http://127.0.0.1:1"}, exitUsage, "-s3-endpoint needs a -bucket"},
		{[]string{"-bucket", "b", "-s3-endpoint", "127.0.0.1:9000"}, exitUsage, "a URL such as"},
		{[]string{"-bucket", "b", "-s3-endpoint", "ftp://host"}, exitUsage, "a URL such as"},
		{[]string{"-bucket", "b", "-s3-endpoint", ""}, exitUsage, "-s3-endpoint is empty"},
		{[]string{"-bucket", "b", "-gcs-bucket", "b"}, exitUsage, "choose one"},
		{[]string{"-gcs-bucket", "b", "-s3-endpoint", "http://127.0.0.1:1"}, exitUsage, "-s3-endpoint needs a -bucket"},
		{[]string{"-gcs-bucket", ""}, exitUsage, "-gcs-bucket is empty"},
		{[]string{"-gcs-bucket", "b"}, exitFailed, "set GOOGLE_APPLICATION_CREDENTIALS"},
		{[]string{"-bucket", ""}, exitUsage, "-bucket is empty"},
		{[]string{"-bucket", "b"}, exitUsage, "set AWS_REGION"},
		{[]string{"-bucket", "b", "-s3-endpoint", "http://127.0.0.1:1"}, exitFailed, "set AWS_ACCESS_KEY_ID"},
		{[]string{"-prefix", "a//b"}, exitUsage, `-prefix is "a//b"`},
		{[]string{"-prefix", "/"}, exitUsage, `-prefix is "/"`},
		{[]string{"-prefix", strings.Repeat("x", 401)}, exitUsage, "400 plain characters"},
		{[]string{"-trees", "no/such"}, exitUsage, `no tree "no/such"`},
		{[]string{"-size", "3"}, exitUsage, "not defined: -size"},
		{[]string{"my-bucket"}, exitUsage, `"my-bucket" is no flag`},
		{[]string{"-h"}, 0, "which must exist"},
	} {
		var out, errOut bytes.Buffer
		code := run(t.Context(), c.args, &out, &errOut)
		if code != c.code || !strings.Contains(errOut.String(), c.want) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %q and %q; want %d and %q alone", c.args, code, &out, &errOut, c.code, c.want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errOut bytes.Buffer
	if code := run(ctx, nil, io.Discard, &errOut); code != exitInterrupted || !strings.Contains(errOut.String(), "interrupted") {
		t.Errorf("interrupted: exit code %d, %q", code, &errOut)
	}
}

// TestRunWithoutTheLibrary is for a machine that has a program, but no Go.
func TestRunWithoutTheLibrary(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, root := range []string{"", t.TempDir()} {
		t.Setenv("GOROOT", root)
		var out bytes.Buffer
		o, err := parse(nil, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		from, trees, err := o.sources(t.Context(), &out)
		if err != nil || len(trees) != 2 || from.String() != "copies of the sources of this program" || !strings.Contains(out.String(), "has no sources of the standard library") {
			t.Errorf("with GOROOT=%q: %v, %q, %v, %q", root, from, trees, err, &out)
		}
		var errOut bytes.Buffer
		if code := run(t.Context(), []string{"-trees", "net"}, io.Discard, &errOut); code != exitFailed || !strings.Contains(errOut.String(), "no sources of the standard library") {
			t.Errorf("with GOROOT=%q and -trees: exit code %d, %q", root, code, &errOut)
		}
	}
}
