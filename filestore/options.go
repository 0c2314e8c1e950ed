package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/advcache/advcache"
)

// The defaults of [Options].
const (
	DefaultMaxBytes      = 1 << 30
	DefaultMaxEntries    = 100_000
	DefaultSweepInterval = time.Minute
)

// MinSweepInterval is the least Options.SweepInterval: a sweep asks the system
// about 256 folders at the least, which takes about a millisecond, so one that is
// more frequent would mostly sweep.
const MinSweepInterval = 10 * time.Millisecond

// block is the unit in which file systems give room to files, mostly.
const block = 4 << 10

// Options of [Open]. The zero value is the documented default.
type Options struct {
	// Name is the store's name in events and errors. Empty: "file".
	Name string

	// MaxBytes is how much room the files may take, each counted in blocks of
	// 4 KiB, as most file systems do. 0: DefaultMaxBytes. An object that is
	// larger is refused with store.ErrTooLarge.
	MaxBytes int64

	// MaxEntries is how many files there may be. 0: DefaultMaxEntries.
	MaxEntries int

	// Fsync makes each write wait until it is on the disk: milliseconds, where one
	// without takes tens of microseconds, mostly. By default, a loss of power may lose the
	// writes of the last seconds, as the package's guarantees say: for a cache,
	// mostly a fair bargain.
	Fsync bool

	// SweepInterval is how often the folder is looked through for what is gone,
	// and for what other processes did. 0: DefaultSweepInterval. Below
	// MinSweepInterval it is refused.
	SweepInterval time.Duration

	// DirMode and FileMode are the permissions of folders and files, as far as
	// the umask lets them. 0: 0o700 and 0o600. Processes of several users that
	// share a folder need their group in them.
	DirMode, FileMode fs.FileMode

	// Observer is told of evictions: of objects that were removed because they
	// were gone, or to stay within the bounds. To know their keys, the files are
	// read first. Its hooks must not call the store.
	Observer *advcache.Observer

	// Logger is told of sweeps that failed, when they begin to, and of hooks
	// that panicked. Nil: slog.Default().
	Logger *slog.Logger
}

// filled returns o with its defaults, or what is wrong with it.
func (o *Options) filled() (*Options, error) {
	var opt Options
	if o != nil {
		opt = *o
	}
	switch {
	case opt.MaxBytes < 0:
		return nil, fmt.Errorf("filestore: MaxBytes is %d: use 0 for %d, or a number of bytes", opt.MaxBytes, DefaultMaxBytes)
	case opt.MaxBytes > 0 && opt.MaxBytes < block:
		return nil, fmt.Errorf("filestore: MaxBytes is %d, and every file takes %d: allow that for each object", opt.MaxBytes, block)
	case opt.MaxEntries < 0:
		return nil, fmt.Errorf("filestore: MaxEntries is %d: use 0 for %d, or a number of objects", opt.MaxEntries, DefaultMaxEntries)
	case opt.SweepInterval < 0:
		return nil, fmt.Errorf("filestore: SweepInterval is %v: use 0 for %v, or a positive time", opt.SweepInterval, DefaultSweepInterval)
	case opt.SweepInterval > 0 && opt.SweepInterval < MinSweepInterval:
		return nil, fmt.Errorf("filestore: SweepInterval is %v, and a sweep takes about a millisecond: use 0 for %v, or %v or more; was a unit left out, as in 30*time.Second?",
			opt.SweepInterval, DefaultSweepInterval, MinSweepInterval)
	case opt.DirMode&^fs.ModePerm != 0 || opt.FileMode&^fs.ModePerm != 0:
		return nil, errors.New("filestore: DirMode and FileMode are permissions alone, such as 0o750 and 0o640")
	case opt.DirMode != 0 && opt.DirMode&0o700 != 0o700:
		return nil, fmt.Errorf("filestore: DirMode is %#o: its owner needs 0o700 to make files there", opt.DirMode)
	case opt.FileMode != 0 && opt.FileMode&0o600 != 0o600:
		return nil, fmt.Errorf("filestore: FileMode is %#o: its owner needs 0o600 to read and write them", opt.FileMode)
	}
	setDefault(&opt.Name, "file")
	setDefault(&opt.MaxBytes, DefaultMaxBytes)
	setDefault(&opt.MaxEntries, DefaultMaxEntries)
	setDefault(&opt.SweepInterval, DefaultSweepInterval)
	setDefault(&opt.DirMode, 0o700)
	setDefault(&opt.FileMode, 0o600)
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	return &opt, nil
}

func setDefault[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}

// observed reports whether somebody wants to know of evictions.
func (o *Options) observed() bool { return o.Observer != nil && o.Observer.Evict != nil }
