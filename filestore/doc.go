// Package filestore keeps objects in a folder of this host: a [store.Store]
// without a server, which survives restarts and can be shared by the processes
// of the host. As the second tier behind memory it makes a program start warm.
//
//	files, err := filestore.Open(dir, nil)
//	…
//	defer files.Close()
//	users := store.New[User](files, nil) // an advcache.Cache[User]
//
// # What is atomic
//
// A write makes a file of its own beside the old one and renames it over that:
// readers see the old object or the new one, whole, and take no lock. A reader
// that has opened the old file reads it to its end. Conditions of Put and Touch,
// and Delete, are atomic between goroutines and processes: all writers hold an
// advisory lock on one of 256 lock files (flock; LockFileEx on Windows), for
// their look at what is held and the rename, not while they write. The lock of
// a process that is killed is free at once. A writer waits for it as long as its
// context lasts, and 10 seconds at the most. On systems that have neither
// (Plan 9, Solaris, AIX, WebAssembly), conditions are errors.ErrUnsupported.
//
// # What a crash loses
//
// The end of the process, by kill -9 too, loses nothing that Put has returned
// for, and leaves at the most a temporary file, which is swept an hour later.
// When the host loses power, the writes of the last seconds may be lost, and
// files may be empty or torn: lengths and checksums tell, and such a file is a
// miss that is reported, and removed by the read that finds it. With
// [Options.Fsync], what Put has returned for is on the disk.
//
// A file that a later version has written in a format of its own is a miss that
// is reported, and stays for those who can read it. A foreign one, which begins
// as none of ours, stays until its key is written; it is a value only with
// ReadForeign of package store, for which there is little use here.
//
// What is no regular file, such as a folder, a FIFO or a device, is foreign where
// the file of an object would be, and is never waited for. It has no body, so that
// a reader which asks for one, as with ReadForeign, is given an error. A write of
// the key takes its place, but for a folder, which is an error; sweeps and Clear
// leave it.
//
// # Whose the folder is
//
// The file advcache-filestore marks a folder as that of a store; nothing is removed
// from the folders of others. Cleaners that remove what is old, such as
// systemd-tmpfiles, may take this file before all else, so a sweep renews it once it
// is an hour old. Where it is missing, a sweep puts it back into the folder that was
// opened, and so does a write that needs a new folder of files. An Open, and a write
// that finds another folder in the place of the one that was opened, look first: if
// there is nothing, or all of it is ours by name and by the first bytes of each file,
// the folder is marked again. Else it is refused; the error says what is not ours,
// and what to do if the folder is.
//
// # Bounds
//
// The folder is bounded by bytes and by entries. A write that passes a bound
// removes the files that were written or renewed longest ago; reads change
// nothing. For this an index of all files is kept in memory, of about 100 bytes
// per file. It is built in the background: until that is done, a minute for a
// large folder on a slow disk, what was there before does not count, though it
// is served. Each process has an index of its own, and learns by sweeping
// ([Options.SweepInterval]) what the others did: between two sweeps, n processes
// that write together may pass the bound by what n-1 of them wrote. A sweep also
// removes what is gone (see [store.Meta.GoneAt]), and temporary files of
// processes that were killed.
//
// # Costs
//
// In system calls, on Unix, where a file in the page cache takes some microseconds
// to read. Each open costs an fcntl more, that of a file to read two:
//
//	Get, miss           open
//	Get up to 4 KiB     open, read, close
//	Get of more         open, read, fstat, read, close
//	  not modified, not useful: without the second read
//	Head                as Get, without the second read
//	Put                 create, write, fstat, close; lock (open, lseek, flock);
//	                    rename; unlock (close); one write more above 16 KiB; with
//	                    Fsync fsync of file and folder; for each of the first 256
//	                    files or so a mkdir, and a read of advcache-filestore
//	  with a condition  and Head before, and again under the lock; where it does
//	                    not hold, most often the first Head alone
//	  of what is gone   lock; unlink; unlock
//	Touch               lock; open, read, write of 96 bytes, fstat, close; unlock
//	Delete, each key    lock; unlink; unlock
//	GetMany, PutMany    as Get and Put, 8 at a time, so that a disk has work; of
//	                    files in the page cache, one by one takes no longer
//	Clear               a read of the beginning of every file; with "" of none
//
// A write into a full folder removes, on average, one file more: lock, lstat,
// unlink, unlock. A sweep reads advcache-filestore, and takes a stat of each of 256
// folders, and of each file in those that have changed. Deadlines and cancellation of contexts are obeyed
// between system calls; one that hangs in the kernel cannot be ended.
//
// # Where it does not belong
//
// The folder is for one host. On NFS and other network file systems, locks and
// the visibility of renames depend on the server and on mount options: nothing
// here is promised there. Two folders are two stores; do not put one inside the
// other. Processes that open one folder with different bounds each keep to their
// own: the smallest evicts for all.
package filestore
