package fakegcs

import (
	"net/http"
	"strconv"
	"testing"
)

func TestConditionsByJSON(t *testing.T) {
	s := newServer(Options{})
	s.Plant(testBucket, "k", Object{Generation: 5, Metageneration: 2})
	held, _ := s.Object(testBucket, "k")
	for _, c := range []struct {
		query, header string
		want          int
	}{
		{"ifGenerationMatch=5&ifMetagenerationMatch=2", "", 200},
		{"ifGenerationMatch=0", "", 412},
		{"ifGenerationNotMatch=0", "", 200},
		{"ifGenerationNotMatch=5", "", 304},
		{"ifMetagenerationNotMatch=2", "", 304},
		{"ifMetagenerationMatch=3", "", 412},
		{"ifGenerationMatch=-1", "", 400},
		{"ifGenerationMatch=", "", 400},
		{"ifGenerationMatch=5&ifGenerationNotMatch=6", "", 400},
		{"ifMetagenerationMatch=2&ifMetagenerationNotMatch=3", "", 400},
		{"generation=5", "", 200},
		{"generation=4", "", 404},
		{"generation=x", "", 400},
		{"", "If-Match: " + held.etag(), 200},
		{"", `If-Match: "x", "y"`, 412},
		{"", "If-None-Match: " + held.etag(), 304},
		{"", `If-None-Match: "x"`, 200},
	} {
		r := ask(t, s, "GET", objectsURL+"k?"+c.query, "", c.header)
		want(t, "status if "+c.query+c.header, r.status, c.want)
		if r.status == http.StatusPreconditionFailed {
			want(t, "reason", r.reason(t), "conditionNotMet")
		}
		if r.status == http.StatusNotModified {
			want(t, "body of 304", r.body, "")
		}
	}
	r := ask(t, s, "DELETE", objectsURL+"k?ifGenerationNotMatch=5", "")
	want(t, "status of a delete", r.status, http.StatusPreconditionFailed)
}

func TestConditionsByXML(t *testing.T) {
	s := newServer(Options{})
	s.Plant(testBucket, "k", Object{Generation: 5, Metageneration: 2})
	held, _ := s.Object(testBucket, "k")
	for header, status := range map[string]int{
		"x-goog-if-generation-match: 5":     200,
		"x-goog-if-generation-match: 4":     412,
		"x-goog-if-generation-match: 0":     412,
		"x-goog-if-generation-match: x":     400,
		"x-goog-if-metageneration-match: 2": 200,
		"x-goog-if-metageneration-match: 1": 412,
		"If-None-Match: " + held.xmlETag():  304,
		"If-Match: *":                       200,
		`If-Match: W/"x"`:                   412,
	} {
		want(t, "status if "+header, ask(t, s, "GET", plainURL+"k", "", header).status, status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plainURL+"k", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"x-goog-if-generation-match": {" 4 "}} // canonical names are a matter of Go
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	want(t, "status of a name that is not canonical", resp.StatusCode, http.StatusPreconditionFailed)
	r := ask(t, s, "GET", plainURL+"k?generation=4", "")
	want(t, "status of a former generation", r.status, http.StatusNotFound)
}

// A generation grows with each write, over all objects, however fast they come,
// and is not used again after a delete.
func TestGenerations(t *testing.T) {
	s := newServer(Options{})
	last := int64(0)
	for i := range 1000 {
		name := strconv.Itoa(i % 3)
		got := ask(t, s, "POST", uploadURL+"media&name="+name, "x").resource(t)
		generation, err := strconv.ParseInt(got.Generation, 10, 64)
		if err != nil || generation <= last {
			t.Fatalf("generation %s after %d", got.Generation, last)
		}
		want(t, "metageneration", got.Metageneration, "1")
		last = generation
		if i%10 == 0 {
			s.Remove(testBucket, name)
		}
	}
	s.Plant(testBucket, "ahead", Object{Generation: last * 2})
	got := ask(t, s, "POST", uploadURL+"media&name=ahead", "x").resource(t)
	want(t, "generation after one that is ahead", got.Generation, strconv.FormatInt(last*2+1, 10))
}
