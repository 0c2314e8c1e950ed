package fakegcs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		s.Plant(testBucket, "k", Object{Body: []byte("x"), ContentType: "a/b", Metadata: map[string]string{"a": "1", "b": "2"}})
		url := objectsURL + "k"
		got := ask(t, s, "PATCH", url, `{"metadata":{"a":null,"c":"3"},"cacheControl":"no-store","name":"other"}`).resource(t)
		want(t, "metadata", fmt.Sprint(got.Metadata), "map[b:2 c:3]")
		want(t, "type", got.ContentType, "a/b")
		want(t, "cache control", got.CacheControl, "no-store")
		want(t, "name", got.Name, "k")
		want(t, "metageneration", got.Metageneration, "2")
		got = ask(t, s, "PATCH", url, `{"contentType":null,"metadata":null}`).resource(t)
		want(t, "type", got.ContentType, "")
		want(t, "number of metadata", len(got.Metadata), 0)
		got = ask(t, s, "PATCH", url, `{}`).resource(t)
		want(t, "metageneration of a change of nothing", got.Metageneration, "4")
		got = ask(t, s, "PATCH", url, `{"metadata":{"d":"4"},"customTime":"2001-02-03T04:05:06.789999+01:00"}`).resource(t)
		want(t, "metadata", fmt.Sprint(got.Metadata), "map[d:4]")
		want(t, "custom time", got.CustomTime, "2001-02-03T03:05:06.789Z")
		for body, status := range map[string]int{
			`{"customTime":"2001-02-03T03:05:06.788Z"}`: 400,
			`{"customTime":null}`:                       400,
			`{"customTime":""}`:                         400,
			`{"customTime":1}`:                          400,
			`{"customTime":"soon"}`:                     400,
			`{"metadata":{"a":1}}`:                      400,
			`{"metadata":{"a":"` + strings.Repeat("x", maxMetadata) + `"}}`: 400,
			`{"contentType":{}}`:      400,
			`{`:                       400,
			``:                        400,
			`{"eventBasedHold":true}`: 501,
			`{"contexts":{"custom":{"a":{"value":"b"}}}}`: 501,
		} {
			want(t, fmt.Sprintf("status of %.40s", body), ask(t, s, "PATCH", url, body).status, status)
		}
		got = ask(t, s, "PATCH", url, `{"customTime":"2001-02-03T03:05:06.789Z"}`).resource(t)
		want(t, "metageneration", got.Metageneration, "6")
		want(t, "status of nothing", ask(t, s, "PATCH", objectsURL+"none", "{}").status, http.StatusNotFound)
	})
}

func TestUpdate(t *testing.T) {
	s := newServer(Options{})
	s.Plant(testBucket, "k", Object{Body: []byte("x"), ContentType: "a/b", Metadata: map[string]string{"a": "1"}})
	got := ask(t, s, "PUT", objectsURL+"k", `{"metadata":{"b":"2"},"customTime":"2001-02-03T04:05:06Z"}`).resource(t)
	want(t, "metadata", fmt.Sprint(got.Metadata), "map[b:2]")
	want(t, "type", got.ContentType, "")
	want(t, "metageneration", got.Metageneration, "2")
	want(t, "status without the custom time", ask(t, s, "PUT", objectsURL+"k", `{}`).status, http.StatusBadRequest)
	want(t, "status of no JSON", ask(t, s, "PUT", objectsURL+"k", `[`).status, http.StatusBadRequest)
	want(t, "requests", s.Requests(), Requests{UpdateObject: 3})
}

func TestMutationLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{LimitMutations: true})
		insert := func() reply { return ask(t, s, "POST", uploadURL+"media&name=k", "x") }
		want(t, "status of a write", insert().status, http.StatusOK)
		want(t, "reason of another", insert().reason(t), "rateLimitExceeded")
		// What is refused for another reason does not count, and is told first.
		want(t, "status of a condition", ask(t, s, "POST", uploadURL+"media&name=k&ifGenerationMatch=0", "x").status, http.StatusPreconditionFailed)
		want(t, "status of a patch", ask(t, s, "PATCH", objectsURL+"k", "{}").status, http.StatusOK)
		want(t, "status of another", ask(t, s, "PATCH", objectsURL+"k", "{}").status, http.StatusTooManyRequests)
		time.Sleep(time.Second - time.Nanosecond)
		want(t, "status of a delete", ask(t, s, "DELETE", objectsURL+"k", "").status, http.StatusTooManyRequests)
		time.Sleep(time.Nanosecond)
		want(t, "status of a delete", ask(t, s, "DELETE", objectsURL+"k", "").status, http.StatusNoContent)
		want(t, "status of a write after it", insert().status, http.StatusTooManyRequests)
		want(t, "billed A", s.Counts().BilledA, 2)
	})
}
