package main

import (
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

// brief is a run of works that is as short as can be: each contender does its
// work, and is found out if it does it wrongly.
func brief(t *testing.T) *runner {
	t.Helper()
	return &runner{rounds: 1, procs: 1, slice: time.Microsecond}
}

func TestCodecWork(t *testing.T)       { testWork(t, brief(t), codecWork) }
func TestCompressionWork(t *testing.T) { testWork(t, brief(t), compressionWork) }
func TestFilesWork(t *testing.T)       { testWork(t, brief(t), filesWork) }

func TestRedisWork(t *testing.T)        { testRedis(t, redisWork) }
func TestChainWork(t *testing.T)        { testRedis(t, chainWork) }
func TestChainWrappedWork(t *testing.T) { testRedis(t, chainWrappedWork) }
func TestPromotionWork(t *testing.T)    { testRedis(t, promotionWork) }
func TestHungWork(t *testing.T)         { testRedis(t, hungWork) }

func testRedis(t *testing.T, work func(*runner)) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip(installRedis)
	}
	r := brief(t)
	t.Cleanup(func() { r.server.stop() })
	testWork(t, r, work)
}

// TestS3Work is without the rows of the real server where there is none.
func TestS3Work(t *testing.T) {
	r := brief(t)
	r.huge, r.firstByte = 9*mib, time.Millisecond // of two parts
	testWork(t, r, s3Work)
}

func TestGCSWork(t *testing.T) {
	r := brief(t)
	r.huge, r.firstByte = 9*mib, time.Millisecond // of two parts
	testWork(t, r, gcsWork)
}

// TestS3Absent proves that a machine without an S3 server runs the rest.
func TestS3Absent(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := realS3(); !errors.Is(err, errNoS3) {
		t.Errorf("realS3 gave %v, want %v", err, errNoS3)
	}
}

func testWork(t *testing.T, r *runner, work func(*runner)) {
	t.Helper()
	work(r)
	if len(r.rows) == 0 {
		t.Fatal("the work gave no rows")
	}
	for _, row := range r.rows {
		if len(row.Metrics) < 3 || row.Metrics[0].Value < 0 {
			t.Errorf("%s: %s has %v", row.Work, row.Contender, row.Metrics)
		}
	}
}

// TestRedisAbsent proves that a machine without Redis runs the rest.
func TestRedisAbsent(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := startRedis(); !errors.Is(err, errNoRedis) {
		t.Errorf("startRedis gave %v, want %v", err, errNoRedis)
	}
	r := brief(t)
	redisWork(r)
	r.server.stop() // of what was never started
	if len(r.rows) != 0 {
		t.Error("there are rows of a Redis that is not there")
	}
}

func TestArticle(t *testing.T) {
	for _, n := range []int{small, large, 100 << 10} {
		a, b := article(7, n), article(7, n)
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("two articles of %d bytes differ", n)
		}
		g := Generated(a)
		if plain, generated := len(encode(&a)), len(encode(&g)); plain < n*9/10 || plain > n*11/10 || generated < n*9/10 || generated > n*11/10 {
			t.Errorf("an article of about %d bytes has %d, and %d by generated methods", n, plain, generated)
		}
		var back Generated
		decode(encode(&g), &back)
		if fmt.Sprint(back) != fmt.Sprint(g) {
			t.Errorf("an article of %d bytes does not survive its generated methods", n)
		}
	}
}
