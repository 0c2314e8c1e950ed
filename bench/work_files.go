package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/advcache/advcache/filestore"
)

const (
	nameOSFiles = "os.ReadFile, os.WriteFile and rename"
	nameUnmoved = "os.WriteFile without rename"
)

// filesWork is reads and writes of files that the system has in memory.
func filesWork(r *runner) {
	filesOf(r, articles(small))
	filesOf(r, articles(large))
}

func filesOf(r *runner, c content[Article]) {
	dir, err := os.MkdirTemp("", "advcache-bench")
	if err != nil {
		fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	files, err := filestore.Open(filepath.Join(dir, "ours"), nil)
	if err != nil {
		fail(err)
	}
	defer func() { _ = files.Close() }()
	ours, _ := advcacheOver(c, nameOurs, files, 0)
	bare, unmoved := bareFiles(c, dir)
	keys, values := c.kept(0, keptKeys)
	for _, k := range []keeper[Article]{ours, bare, unmoved} {
		k.prove(keys, values)
	}
	r.trials("files, read of "+c.name, 1, []trial{ours.reads(keys), bare.reads(keys).against(nameOurs, 0, -1)})
	r.trials("files, write of "+c.name, 1, []trial{
		ours.writes(keys, values),
		bare.writes(keys, values).against(nameOurs, 0, -1),
		unmoved.writes(keys, values).against(nameOurs, 0, -1),
	})
}

// bareFiles is a file for each key, with the codec of ours: replaced in one
// step, and written over, where a reader can see half of it.
func bareFiles(c content[Article], dir string) (bare, unmoved keeper[Article]) {
	get := func(_ context.Context, key string) (Article, error) {
		data, err := os.ReadFile(filepath.Join(dir, key))
		return decoded[Article](c.codec, data, err)
	}
	write := func(path string, value *Article) error {
		data, err := c.codec.Append(nil, value)
		if err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o600)
	}
	bare = keeper[Article]{nameOSFiles, get, func(_ context.Context, key string, value Article) error {
		path := filepath.Join(dir, key)
		if err := write(path+".new", &value); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	}}
	unmoved = keeper[Article]{nameUnmoved, get, func(_ context.Context, key string, value Article) error {
		return write(filepath.Join(dir, key), &value)
	}}
	return bare, unmoved
}
