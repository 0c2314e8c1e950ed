package fakegcs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestCopy(t *testing.T) {
	s := newServer(Options{})
	s.Plant("other-bucket", "a/b", Object{Body: []byte("hello"), Generation: 5, Metageneration: 3, ContentType: "a/b", Metadata: map[string]string{"a": "1"}})
	from := strings.Replace(objectsURL, testBucket, "other-bucket", 1) + "a%2Fb/"
	got := ask(t, s, "POST", from+"copyTo/b/my-bucket/o/c%2Fd", "").resource(t)
	want(t, "name", got.Name, "c/d")
	want(t, "bucket", got.Bucket, testBucket)
	want(t, "metadata", fmt.Sprint(got.Metadata), "map[a:1]")
	want(t, "metageneration", got.Metageneration, "1")
	want(t, "generation is another", got.Generation != "5", true)
	r := ask(t, s, "POST", from+"rewriteTo/b/my-bucket/o/e", `{"contentType":"c/d"}`)
	if !strings.Contains(r.body, `"done":true`) || !strings.Contains(r.body, `"totalBytesRewritten":"5"`) {
		t.Errorf("a rewrite gave %s", r.body)
	}
	held, _ := s.Object(testBucket, "e")
	want(t, "body", string(held.Body), "hello")
	want(t, "type", held.ContentType, "c/d")
	want(t, "number of metadata", len(held.Metadata), 0)
	for query, status := range map[string]int{
		"?sourceGeneration=5":                               200,
		"?sourceGeneration=6":                               404,
		"?ifSourceGenerationMatch=5":                        200,
		"?ifSourceGenerationMatch=6":                        412,
		"?ifSourceGenerationNotMatch=5":                     412,
		"?ifSourceMetagenerationMatch=1":                    412,
		"?ifSourceMetagenerationNotMatch=3":                 412,
		"?ifSourceGenerationMatch=x":                        400,
		"?ifGenerationMatch=0":                              412,
		"?ifGenerationMatch=x":                              400,
		"?ifGenerationNotMatch=0&ifSourceGenerationMatch=5": 200,
	} {
		want(t, "status of a copy "+query, ask(t, s, "POST", from+"copyTo/b/my-bucket/o/e"+query, "").status, status)
	}
	want(t, "status of no bucket", ask(t, s, "POST", from+"copyTo/b/none/o/e", "").status, http.StatusNotFound)
	want(t, "status of no object", ask(t, s, "POST", objectsURL+"none/copyTo/b/my-bucket/o/e", "").status, http.StatusNotFound)
	want(t, "status of no source bucket", ask(t, s, "POST", strings.Replace(from, "other", "none", 1)+"copyTo/b/my-bucket/o/e", "").status, http.StatusNotFound)
	want(t, "status of a bad name", ask(t, s, "POST", from+"copyTo/b/my-bucket/o/..", "").status, http.StatusBadRequest)
	want(t, "status of no JSON", ask(t, s, "POST", from+"copyTo/b/my-bucket/o/e", "{").status, http.StatusBadRequest)
	want(t, "in class A", s.Requests().In(ClassA), s.Requests().Total())
}
