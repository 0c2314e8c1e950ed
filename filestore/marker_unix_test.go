//go:build unix

package filestore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMarkerThatIsNoFile holds that Open says so, and waits for nobody.
func TestMarkerThatIsNoFile(t *testing.T) {
	for what, place := range irregulars {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, marker)
			place(t, path)
			_, err := Open(dir, nil)
			if err == nil || !strings.Contains(err.Error(), path+" is no regular file") {
				t.Errorf("Open = %v", err)
			}
		})
	}
	t.Run("link to nothing", func(t *testing.T) {
		dir := t.TempDir()
		noError(t, os.Symlink("nothing", filepath.Join(dir, marker)))
		if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "is no regular file") {
			t.Errorf("Open = %v", err)
		}
	})
}
