package filestore

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

// Store is a [store.Store] in a folder. It has all optional capabilities. Make
// it with [Open], and Close it. It is safe for concurrent use, and several may
// be open on one folder, in one process or in many.
type Store struct {
	opt   *Options
	dir   string // absolute
	disk  *disk
	slots slots
	index index

	sweeping chan struct{} // holds one token during a sweep, which guards folders
	folders  [fans]folder
	failing  string // what the last sweep failed with

	closed atomic.Bool
	stop   context.CancelFunc // ends the sweeper
	done   sync.WaitGroup     // the sweeper
}

// Open returns the store in the folder dir, which is made if need be. It refuses
// a folder that holds anything but a store, and options that make no sense. The
// store is usable at once; Close it when it is not needed any more.
func Open(dir string, o *Options) (*Store, error) {
	opt, err := o.filled()
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, fmt.Errorf("filestore: no folder is named: give Open a path, such as filepath.Join(userCacheDir, %q)", "myprogram")
	}
	dir, err = filepath.Abs(dir) // the working directory may change
	if err != nil {
		return nil, err
	}
	if err := prepare(dir, opt); err != nil {
		return nil, err
	}
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{opt: opt, dir: dir, disk: d, sweeping: make(chan struct{}, 1)}
	s.slots.init()
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.done.Go(func() { s.sweeper(ctx) })
	return s, nil
}

// Close stops the sweeper and waits for it. Operations that begin later return
// advcache.ErrClosed; closing again does nothing.
func (s *Store) Close() error {
	first := !s.closed.Swap(true)
	s.stop()
	s.done.Wait()
	if first {
		return s.disk.close()
	}
	return nil
}

// Info implements [store.Store].
func (s *Store) Info() store.Info {
	return store.Info{Name: s.opt.Name, MaxKey: maxKey, MaxSize: s.opt.MaxBytes}
}

// Len returns how many objects the folder holds, as far as this process knows:
// after its first sweep, and since the last one but for what others did.
func (s *Store) Len() int {
	n, _ := s.index.total()
	return n
}

// Size returns how much room they take, in bytes, as MaxBytes counts it.
func (s *Store) Size() int64 {
	_, bytes := s.index.total()
	return bytes
}

// ready says why an operation cannot begin.
func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return advcache.ErrClosed
	}
	return ctx.Err()
}

func (s *Store) readyFor(ctx context.Context, key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("filestore: a key has 1 to %d bytes, not %d", maxKey, len(key))
	}
	return s.ready(ctx)
}
