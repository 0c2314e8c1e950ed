package fakegcs

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAuthorize(t *testing.T) {
	var (
		refused atomic.Pointer[string]
		last    atomic.Pointer[Access]
	)
	none := ""
	refused.Store(&none)
	s := newServer(Options{Authorize: func(a Access) bool {
		if a.Permission != *refused.Load() {
			return true
		}
		last.Store(&a)
		return false
	}})
	s.Plant(testBucket, "k", Object{})
	for _, c := range []struct {
		permission, method, url string
		want                    Access
	}{
		{PermObjectsGet, "GET", objectsURL + "k", Access{"abc", PermObjectsGet, OpGetObject, testBucket, "k"}},
		{PermObjectsList, "GET", strings.TrimSuffix(objectsURL, "/") + "?prefix=p", Access{"abc", PermObjectsList, OpListObjects, testBucket, "p"}},
		{PermObjectsList, "GET", plainURL + "none", Access{"abc", PermObjectsList, OpReadObject, testBucket, "none"}},
		{PermObjectsDelete, "POST", uploadURL + "media&name=k", Access{"abc", PermObjectsDelete, OpInsertObject, testBucket, "k"}},
		{PermObjectsGet, "POST", objectsURL + "k/copyTo/b/my-bucket/o/l", Access{"abc", PermObjectsGet, OpCopyObject, testBucket, "k"}},
		{PermObjectsCreate, "POST", objectsURL + "k/copyTo/b/my-bucket/o/l", Access{"abc", PermObjectsCreate, OpCopyObject, testBucket, "l"}},
	} {
		refused.Store(&c.permission)
		r := ask(t, s, c.method, c.url, "", "Authorization: Bearer abc")
		want(t, "status", r.status, http.StatusForbidden)
		want(t, "access", *last.Load(), c.want)
		if !strings.Contains(r.body, "Permission '"+c.permission+"' denied") && !strings.Contains(r.body, "Permission &#39;"+c.permission+"&#39; denied") {
			t.Errorf("the answer is %s", r.body)
		}
	}
	refused.Store(&none)
	want(t, "status", ask(t, s, "GET", objectsURL+"k", "").status, http.StatusOK)
}

func TestAnonymous(t *testing.T) {
	s := newServer(Options{Authorize: Without(PermObjectsGet), Anonymous: true})
	s.Plant(testBucket, "k", Object{})
	r := ask(t, s, "GET", objectsURL+"k", "")
	want(t, "status", r.status, http.StatusUnauthorized)
	want(t, "reason", r.reason(t), "required")
	want(t, "challenge", strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer"), true)
	r = ask(t, s, "GET", objectsURL+"k", "", "Authorization: abc")
	want(t, "reason", r.reason(t), "forbidden")
}

func TestTestPermissions(t *testing.T) {
	s := newServer(Options{Authorize: Without(PermObjectsGet)})
	url := "https://storage.googleapis.com/storage/v1/b/my-bucket/iam/testPermissions?permissions=" + PermObjectsGet + "&permissions=" + PermObjectsList
	want(t, "answer", ask(t, s, "GET", url, "").body, `{"kind":"storage#testIamPermissionsResponse","permissions":["storage.objects.list"]}`+"\n")
	want(t, "status of no bucket", ask(t, s, "GET", strings.Replace(url, testBucket, "none", 1), "").status, http.StatusNotFound)
}

func TestRequestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{RequestRate: 10})
		s.Plant(testBucket, "k", Object{})
		served := func(n int) (ok int) {
			for range n {
				switch r := ask(t, s, "GET", objectsURL+"k", ""); r.status {
				case http.StatusOK:
					ok++
				default:
					want(t, "reason", r.reason(t), "rateLimitExceeded")
				}
			}
			return ok
		}
		want(t, "served at once", served(15), 10)
		time.Sleep(300 * time.Millisecond)
		want(t, "served after 300 ms", served(15), 3)
		time.Sleep(time.Hour)
		want(t, "served after an hour", served(15), 10)
	})
}

func TestGetBucket(t *testing.T) {
	s := newServer(Options{})
	url := "https://storage.googleapis.com/storage/v1/b/"
	r := ask(t, s, "GET", url+testBucket, "")
	want(t, "status", r.status, http.StatusOK)
	want(t, "name", strings.Contains(r.body, `"name":"my-bucket"`), true)
	r = ask(t, s, "GET", url+"none", "")
	want(t, "status", r.status, http.StatusNotFound)
	want(t, "reason", r.reason(t), "notFound")
	want(t, "status if changed", ask(t, s, "GET", url+testBucket+"?ifMetagenerationMatch=2", "").status, http.StatusPreconditionFailed)
	want(t, "status if unchanged", ask(t, s, "GET", url+testBucket+"?ifMetagenerationNotMatch=1", "").status, http.StatusNotModified)
}
