// Quickstart puts a cache in front of a slow function and shows what that does:
// to the first call and to the next, to a thousand callers at once, to old
// values, to callers while the function fails, and to a program that starts
// again. All numbers are measured.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -ttl 1s -packages net/http,fmt
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

const defaultPackages = "net/http,go/types,crypto/tls,encoding/json,reflect,time,text/template,fmt"

const maxTTL = time.Hour

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program the hard way
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	err := try(ctx, args, out, errOut)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "quickstart: interrupted")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintln(errOut, "quickstart:", err)
		return exitUsage
	}
	fmt.Fprintln(errOut, "quickstart:", err)
	return exitFailed
}

// usageError is what the user can put right on the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

func try(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(errOut)
	ttl := flags.Duration("ttl", 300*time.Millisecond, "how long a value is fresh")
	dir := flags.String("dir", cacheFolder(), "folder of the second tier, which survives this program; a new or empty one, or that of an earlier run")
	list := flags.String("packages", defaultPackages, "packages of the standard library to analyze, separated by commas")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return usageError("see the flags above")
	case flags.NArg() > 0:
		return usageError(fmt.Sprintf("%q is no flag; there are -ttl, -packages and -dir", flags.Arg(0)))
	case *ttl <= 0 || *ttl > maxTTL:
		return usageError(fmt.Sprintf("-ttl is %v; it must be above 0, and %v at most, because the program waits for values to expire", *ttl, maxTTL))
	}
	library, err := standardLibrary(ctx)
	if err != nil {
		return err
	}
	source := &origin{sources: os.DirFS(library)}
	packages, err := source.packages(*list)
	if err != nil {
		return err
	}
	s := newStory(source, packages, *ttl, *dir, out)
	return errors.Join(s.tell(ctx), s.close(ctx))
}

// packages returns the packages of a list, all of which exist.
func (o *origin) packages(list string) ([]string, error) {
	names := strings.Split(list, ",")
	for i, name := range names {
		name = strings.TrimSpace(name)
		if slices.Contains(names[:i], name) {
			return nil, usageError(fmt.Sprintf("-packages has %q twice; name each package once", name))
		}
		_, err := sourceFiles(o.sources, name)
		switch {
		case errors.Is(err, advcache.ErrNotFound):
			return nil, usageError(fmt.Sprintf("-packages: the standard library has no package %q; name some like %s", name, defaultPackages))
		case err != nil:
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}

// standardLibrary returns the directory of its sources.
func standardLibrary(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	root := strings.TrimSpace(string(out))
	if err != nil || root == "" {
		root = os.Getenv("GOROOT")
	}
	if root == "" {
		return "", errors.New("cannot find the standard library: there is no go command that works, and GOROOT is not set; put go into PATH, or set GOROOT")
	}
	dir := filepath.Join(root, "src")
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("this Go comes without the sources of its library: %w", err)
	}
	return dir, nil
}
