package fakegcs

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

const gzipped = "gzip"

// transcoded makes the answer with an object that is stored with the content
// encoding gzip, and reports whether it did. GCS takes the compression off for
// clients that do not say that they accept it, and then knows no ranges. The
// transport of net/http says so, unless the request has a range or says
// something itself, and takes the compression off on its own; so does the Server,
// which stands in its place.
func (obj *Object) transcoded(c *call, a *answer) bool {
	if obj.ContentEncoding != gzipped || c.req.Method == http.MethodHead || strings.Contains(c.header.Get("Accept-Encoding"), gzipped) {
		return false
	}
	if c.header.Get("Accept-Encoding") == "" && c.header.Get("Range") == "" {
		a.gunzip = true
		return true
	}
	if strings.Contains(obj.CacheControl, "no-transform") {
		return false
	}
	r, err := gzip.NewReader(bytes.NewReader(obj.Body))
	if err != nil {
		return false
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return false
	}
	a.body = plain
	a.header.Del("Content-Encoding")
	a.header.Set("Warning", `214 UploadServer gunzipped`)
	return true
}

// gunzip is the body of an answer without its compression.
type gunzip struct {
	from  io.ReadCloser
	plain *gzip.Reader
	err   error
}

// Read implements [io.Reader].
func (g *gunzip) Read(p []byte) (int, error) {
	if g.plain == nil && g.err == nil {
		g.plain, g.err = gzip.NewReader(g.from)
	}
	if g.err != nil {
		return 0, g.err
	}
	return g.plain.Read(p)
}

// Close implements [io.Closer].
func (g *gunzip) Close() error { return g.from.Close() }
