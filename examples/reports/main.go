// Reports puts a bucket behind memory, and both in front of a function that makes
// reports of some MB. It shows what that takes in requests, bytes, dollars and
// time: for reports that are new, in memory, in the bucket, expired, or made again
// and unchanged. All numbers are measured.
//
// Without flags the bucket is one inside the process:
//
//	go run ./examples/reports
//	go run ./examples/reports -bucket my-bucket
//	go run ./examples/reports -bucket my-bucket -s3-endpoint http://127.0.0.1:9000
//	go run ./examples/reports -gcs-bucket my-bucket
//
// A real bucket takes the region and credentials of the environment. What the
// program writes there it deletes at the end.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/advcache/advcache/store/objects"
)

const (
	defaultTrees  = "crypto,runtime"
	defaultPrefix = "advcache-reports/"
	maxPrefix     = 400
	maxTrees      = 100
)

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	// However the program ends, what it has written is to be deleted.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program the hard way
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	err := try(ctx, args, out, errOut)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	var usage usageError
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "reports: interrupted:", text)
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintln(errOut, "reports:", text)
		return exitUsage
	}
	fmt.Fprintln(errOut, "reports:", text)
	return exitFailed
}

// usageError is what the user can put right on the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

// options are the flags.
type options struct {
	endpoint, bucket, gcsBucket, prefix, trees string
	given                                      map[string]bool // by name
}

func try(ctx context.Context, args []string, out, errOut io.Writer) (err error) {
	o, err := parse(args, errOut)
	if err != nil {
		return err
	}
	from, trees, err := o.sources(ctx, out)
	if err != nil {
		return err
	}
	s, err := o.service(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return newStory(s, &maker{sources: from}, trees, o.prefix, strings.ToLower(rand.Text()[:12]), out).tell(ctx)
}

func parse(args []string, errOut io.Writer) (*options, error) {
	o := &options{given: map[string]bool{}}
	flags := flag.NewFlagSet("reports", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&o.bucket, "bucket", "", "`name` of a bucket of S3, which must exist; region and credentials are those of the environment")
	flags.StringVar(&o.endpoint, "s3-endpoint", "", "`URL` of a server that speaks the protocol of S3 and has the bucket")
	flags.StringVar(&o.gcsBucket, "gcs-bucket", "", "`name` of a bucket of Google Cloud Storage, which must exist; credentials are those of the environment")
	flags.StringVar(&o.prefix, "prefix", defaultPrefix, "what the names of all objects begin with")
	flags.StringVar(&o.trees, "trees", defaultTrees, "trees of the standard library to report on, separated by commas")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, usageError("see the flags above")
	}
	if flags.NArg() > 0 {
		return nil, usageError(fmt.Sprintf("%q is no flag; see -h", flags.Arg(0)))
	}
	flags.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	for _, name := range []string{"bucket", "s3-endpoint", "gcs-bucket"} {
		if o.given[name] && flags.Lookup(name).Value.String() == "" {
			return nil, usageError(fmt.Sprintf("-%s is empty; leave it out, or give it a value", name))
		}
	}
	if o.given["bucket"] && o.given["gcs-bucket"] {
		return nil, usageError("-bucket and -gcs-bucket are both set; choose one")
	}
	if o.given["s3-endpoint"] {
		if !o.given["bucket"] {
			return nil, usageError("-s3-endpoint needs a -bucket")
		}
		if err := checkEndpoint(o.endpoint); err != nil {
			return nil, err
		}
	}
	// The story adds some 30 bytes.
	if names := (objects.Names{Prefix: o.prefix + "x"}); len(o.prefix) > maxPrefix || names.Check() != nil {
		return nil, usageError(fmt.Sprintf("-prefix is %q; it takes %d plain characters at the most, without '!', empty folders, '.' and '..', such as %s", o.prefix, maxPrefix, defaultPrefix))
	}
	return o, nil
}

// sources returns what reports are made of, and the trees that have one.
func (o *options) sources(ctx context.Context, out io.Writer) (sources, []string, error) {
	lib, err := findLibrary(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err != nil && o.given["trees"]:
		return nil, nil, fmt.Errorf("-trees: this machine has no sources of the standard library: %w", err)
	case err != nil:
		c := standIn()
		fmt.Fprintf(out, "This machine has no sources of the standard library (%v).\nSo the reports are of %v.\n\n", err, c)
		return c, c.trees(), nil
	}
	trees, err := lib.trees(o.trees)
	return lib, trees, err
}

// trees returns the trees of a list, all of which have Go files.
func (l library) trees(list string) ([]string, error) {
	names := strings.Split(list, ",")
	if len(names) > maxTrees {
		return nil, usageError(fmt.Sprintf("-trees has %d trees; name %d at the most", len(names), maxTrees))
	}
	for i, name := range names {
		name = strings.TrimSpace(name)
		if slices.Contains(names[:i], name) {
			return nil, usageError(fmt.Sprintf("-trees has %q twice; name each tree once", name))
		}
		for _, err := range l.files(name) {
			if err != nil {
				return nil, usageError(fmt.Sprintf("-trees: the standard library has no tree %q; name some like %s", name, defaultTrees))
			}
			break
		}
		names[i] = name
	}
	return names, nil
}

// service returns the bucket.
func (o *options) service(ctx context.Context) (*service, error) {
	switch {
	case o.given["bucket"]:
		return realS3(ctx, o.bucket, o.endpoint)
	case o.given["gcs-bucket"]:
		return realGCS(ctx, o.gcsBucket)
	}
	s, _ := fakeS3()
	return s, nil
}
