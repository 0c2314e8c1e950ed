package filestore

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// childEnv makes the test binary do one of children, on the folder in dirEnv.
const (
	childEnv = "FILESTORE_TEST_CHILD"
	dirEnv   = "FILESTORE_TEST_DIR"
)

var children = map[string]func(s *Store) error{
	"count":    childCounts,
	"write":    childWrites,
	"read":     childReads,
	"writeBig": childWritesBig,
	"hold":     childHolds,
}

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := runChild(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runChild(name string) error {
	s, err := Open(os.Getenv(dirEnv), nil)
	if err != nil {
		return err
	}
	if err := children[name](s); err != nil {
		return err
	}
	return s.Close()
}

// child returns a process that does one of children.
func child(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	noError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name, dirEnv+"="+dir)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// together runs several children and waits for them.
func together(t *testing.T, dir string, names ...string) {
	t.Helper()
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() {
			cmd := child(t, name, dir)
			if err := cmd.Run(); err != nil {
				t.Errorf("%s: %v\n%v", name, err, cmd.Stderr)
			}
		})
	}
	group.Wait()
}

const increments = 200

// childCounts adds to a counter by compare and swap, from two goroutines, and
// opens a store of its own in each.
func childCounts(*Store) error {
	errs := make(chan error, 2)
	for range cap(errs) {
		go func() { errs <- count() }()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func count() error {
	s, err := Open(os.Getenv(dirEnv), nil)
	if err != nil {
		return err
	}
	for range increments {
		for {
			done, err := increment(s)
			if err != nil {
				return err
			}
			if done {
				break
			}
		}
	}
	return s.Close()
}

func increment(s *Store) (bool, error) {
	ctx := context.Background()
	obj, ok, err := s.Get(ctx, "counter", store.Want{})
	if err != nil {
		return false, err
	}
	cond, n := store.Cond{Kind: store.IfVacant}, uint64(0)
	if ok {
		if len(obj.Body) != 8 {
			return false, fmt.Errorf("the counter holds %q", obj.Body)
		}
		cond, n = store.Cond{Kind: store.IfVersion, Version: obj.Meta.Version}, binary.BigEndian.Uint64(obj.Body)
	}
	_, ok, err = s.Put(ctx, "counter", object(string(binary.BigEndian.AppendUint64(nil, n+1)), 0), cond)
	return ok, err
}

func TestProcessesLoseNoIncrement(t *testing.T) {
	dir := t.TempDir()
	together(t, dir, "count", "count", "count", "count")
	obj, ok, err := open(t, dir, nil).Get(t.Context(), "counter", store.Want{})
	if err != nil || !ok {
		t.Fatalf("Get = %v, %v", ok, err)
	}
	if n := binary.BigEndian.Uint64(obj.Body); n != 4*2*increments {
		t.Errorf("4 processes have counted to %d, want %d", n, 4*2*increments)
	}
}

const rounds = 300

// childWrites puts, touches and deletes a few keys, with bodies of all sizes.
func childWrites(s *Store) error {
	ctx := context.Background()
	for i := range rounds {
		key := itoa(i % 5)
		obj := object(strings.Repeat(itoa(i), 1+i*7%30_000), time.Hour)
		if _, _, err := s.Put(ctx, key, obj, store.Cond{}); err != nil {
			return err
		}
		for range 10 {
			if _, err := s.Touch(ctx, key, obj.Meta, store.Cond{}); err != nil {
				return err
			}
		}
		if i%20 == 0 {
			if err := s.Delete(ctx, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// childReads reads what childWrites writes: whole, or not at all.
func childReads(s *Store) error {
	ctx := context.Background()
	for i := range 20 * rounds {
		obj, ok, err := s.Get(ctx, itoa(i%5), store.Want{})
		switch {
		case err != nil:
			return err
		case ok && obj.Meta.Foreign:
			return fmt.Errorf("read %d found a damaged file", i)
		case ok && obj.Meta.Hash != sha256.Sum256(obj.Body):
			return fmt.Errorf("read %d found a torn object of %d bytes", i, len(obj.Body))
		}
		if meta, ok, err := s.Head(ctx, itoa(i%5)); err != nil || ok && meta.Foreign {
			return fmt.Errorf("head %d = %+v, %w", i, meta, err)
		}
	}
	return nil
}

func TestProcessesReadNothingTorn(t *testing.T) {
	together(t, t.TempDir(), "write", "write", "read", "read")
}

// childWritesBig writes until it is killed, and says when it has begun.
func childWritesBig(s *Store) error {
	body := strings.Repeat("0123456789abcdef", 1<<18)
	for i := 0; ; i++ {
		if _, _, err := s.Put(context.Background(), itoa(i%3), object(body, 0), store.Cond{}); err != nil {
			return err
		}
		if i == 3 {
			fmt.Println("begun")
		}
	}
}

// TestKilledWriter holds that kill -9 in the middle of writes damages nothing,
// and that what it leaves is swept: after an hour, and not before.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	for range 5 {
		killOne(t, dir, "writeBig")
	}
	s := open(t, dir, nil)
	for i := range 3 {
		obj, ok, err := s.Get(t.Context(), itoa(i), store.Want{})
		if err != nil || !ok || obj.Meta.Hash != sha256.Sum256(obj.Body) {
			t.Errorf("after kill -9, Get = %v, %v, %+v", ok, err, obj.Meta)
		}
		put(t, s, itoa(i), object("new", 0)) // nobody holds the lock
	}
	// Whether a writer was killed while it had a file is chance: so one more.
	fan := nameOf("0").path()[:3]
	noError(t, os.WriteFile(s.dir+"/"+fan+tempName(), []byte("half"), 0o600))
	noError(t, s.Sweep(t.Context()))
	files := filesIn(t, dir)
	if len(files) < 4 {
		t.Errorf("a young temporary file was swept: there are %d files, want 4 or more", len(files))
	}
	for _, file := range files {
		then := time.Now().Add(-tempLife)
		if isTempName(file[len(file)-len(tempName()):]) {
			noError(t, os.Chtimes(file, then, then))
		}
	}
	noError(t, s.Sweep(t.Context()))
	if files := filesIn(t, dir); len(files) != 3 {
		t.Errorf("after the sweep of old temporary files there are %d files, want 3: %q", len(files), files)
	}
}

// killOne starts a child, and kills it when it has begun.
func killOne(t *testing.T, dir, name string) {
	t.Helper()
	cmd := child(t, name, dir)
	out, err := cmd.StdoutPipe()
	noError(t, err)
	noError(t, cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Errorf("the child said %q, %v: %v", line, err, cmd.Stderr)
	}
	noError(t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
}

// childHolds holds the lock of a folder until it is killed.
func childHolds(s *Store) error {
	put := object("value", 0)
	if _, _, err := s.Put(context.Background(), "key", put, store.Cond{}); err != nil {
		return err
	}
	if _, err := s.lock(context.Background(), nameOf("key").fan()); err != nil {
		return err
	}
	fmt.Println("begun")
	select {}
}

// TestLockOfAKilledProcess holds that a lock makes others wait no longer than
// their context, and ends with its holder.
func TestLockOfAKilledProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	cmd := child(t, "hold", dir)
	out, err := cmd.StdoutPipe()
	noError(t, err)
	noError(t, cmd.Start())
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Errorf("the child failed: %v: %v", err, cmd.Stderr)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, _, err := s.Put(ctx, "key", object("other", 0), store.Cond{}); err != context.DeadlineExceeded { //nolint:errorlint // as it is
		t.Errorf("Put under the lock of another process = %v, want the error of its context", err)
	}
	if err := s.Delete(ctx, "key"); err != context.DeadlineExceeded { //nolint:errorlint // as it is
		t.Errorf("Delete under the lock of another process = %v, want the error of its context", err)
	}
	mustHave(t, s, "key", "value") // reads need no lock
	if files := filesIn(t, dir); len(files) != 1 {
		t.Errorf("a Put that was given up has left %d files", len(files)-1)
	}
	noError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	put(t, s, "key", object("other", 0))
	mustHave(t, s, "key", "other")
}

// TestProcessesShareBounds holds that a sweep learns what other processes did.
func TestProcessesShareBounds(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir, &Options{MaxEntries: 50}), open(t, dir, &Options{MaxEntries: 50})
	for i := range 40 {
		put(t, a, "a"+itoa(i), object("value", 0))
	}
	for i := range 40 {
		put(t, b, "b"+itoa(i), object("value", 0))
	}
	noError(t, a.Sweep(t.Context()))
	if n := len(filesIn(t, dir)); n != 50 {
		t.Errorf("after a sweep there are %d files, want 50", n)
	}
	if n := a.Len(); n != 50 {
		t.Errorf("Len = %d, want 50", n)
	}
	var left []string
	for i := range 40 {
		if has(t, a, "a"+itoa(i), "value") {
			left = append(left, itoa(i))
		}
	}
	if len(left) != 10 {
		t.Errorf("10 of the older 40 should be left, not %d", len(left))
	}
	slices.Sort(left)
	noError(t, a.Clear(t.Context(), ""))
	noError(t, b.Sweep(t.Context()))
	if n, size := b.Len(), b.Size(); n != 0 || size != 0 {
		t.Errorf("after somebody else's Clear, Len, Size = %d, %d", n, size)
	}
}
