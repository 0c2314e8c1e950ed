package fakegcs

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

type page struct {
	Items         []resource
	Prefixes      []string
	NextPageToken string
}

func list(t *testing.T, s *Server, query string) (p page, said string) {
	t.Helper()
	r := ask(t, s, "GET", strings.TrimSuffix(objectsURL, "/")+"?"+query, "")
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || r.status != http.StatusOK {
		t.Fatalf("list %s gave %d %s", query, r.status, r.body)
	}
	var names []string
	for _, item := range p.Items {
		names = append(names, item.Name)
	}
	for _, prefix := range p.Prefixes {
		names = append(names, prefix+"*")
	}
	return p, strings.Join(names, " ")
}

func TestList(t *testing.T) {
	s := newServer(Options{})
	for _, name := range []string{"a", "a/", "a/b", "a/c/d", "ab", "b//c"} {
		s.Plant(testBucket, name, Object{})
	}
	for query, names := range map[string]string{
		"":                      "a a/ a/b a/c/d ab b//c",
		"delimiter=/":           "a ab a/* b/*",
		"delimiter=/&prefix=a/": "a/ a/b a/c/*",
		"delimiter=/&includeTrailingDelimiter=true": "a a/ ab a/* b/*",
		"prefix=b/&delimiter=/":                     "b//*",
		"delimiter=/c&prefix=a":                     "a a/ a/b ab a/c*",
		"startOffset=a/b&endOffset=b":               "a/b a/c/d ab",
		"maxResults=0":                              "a a/ a/b a/c/d ab b//c",
		"maxResults=2":                              "a a/",
	} {
		_, got := list(t, s, query)
		want(t, "list of "+query, got, names)
	}
	for query, status := range map[string]int{
		"maxResults=x": 400, "maxResults=-1": 400, "pageToken=!": 400, "versions=true": 501, "matchGlob=*": 501, "filter=x": 501,
		"softDeleted=true": 501, "versions=false": 200,
	} {
		want(t, "status of "+query, ask(t, s, "GET", strings.TrimSuffix(objectsURL, "/")+"?"+query, "").status, status)
	}
	want(t, "billed A", s.Counts().BilledA, 10)
}

// What is written or removed between two pages does not disturb the others.
func TestListPages(t *testing.T) {
	s := newServer(Options{})
	for i := range 2500 {
		s.Plant(testBucket, "k/"+strconv.Itoa(i), Object{})
	}
	seen, token := map[string]bool{}, ""
	for pages := 0; ; pages++ {
		p, _ := list(t, s, "prefix=k/&pageToken="+url.QueryEscape(token))
		for _, item := range p.Items {
			if seen[item.Name] {
				t.Fatalf("%s came twice", item.Name)
			}
			seen[item.Name] = true
			s.Remove(testBucket, item.Name)
		}
		s.Plant(testBucket, "k/", Object{})
		if token = p.NextPageToken; token == "" {
			want(t, "number of pages", pages+1, 3)
			break
		}
	}
	want(t, "number of names", len(seen), 2500)
}
