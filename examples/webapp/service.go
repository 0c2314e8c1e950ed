package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache"
)

// Key says which article: it is what the key template takes.
type Key struct{ Section, ID string }

// Article is what is cached.
type Article struct {
	Title   string `json:"title"`
	Edition int    `json:"edition"`
}

// sections are the namespaces of the cache: all articles of one are dropped by a
// single write, whatever their number.
var sections = []string{"news", "sport"}

const (
	template       = "article:{Section}/{ID}"
	requestTimeout = 5 * time.Second
)

// namespace begins the keys of a section.
func namespace(section string) string { return "article:" + section + "/" }

func namespaces() (all []string) {
	for _, s := range sections {
		all = append(all, namespace(s))
	}
	return all
}

// service is the HTTP side of an instance.
type service struct {
	db       *database
	articles *advcache.Func[Key, Article]
	chain    *advcache.Chain[Article]
	bus      *watchedBus
	stats    *advcache.Stats

	explaining sync.Mutex
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /articles/{section}/{id}", s.get)
	mux.HandleFunc("PUT /articles/{section}/{id}", s.put)
	mux.HandleFunc("DELETE /articles/{section}", s.drop)
	mux.HandleFunc("GET /health", s.health)
	return http.TimeoutHandler(mux, requestTimeout, "timeout\n") // the context of the request ends with it
}

func keyOf(r *http.Request) Key { return Key{r.PathValue("section"), r.PathValue("id")} }

func (s *service) get(w http.ResponseWriter, r *http.Request) {
	explain := s.explain(r)
	article, err := s.articles.Get(r.Context(), keyOf(r))
	explain(w)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, article)
}

// put changes an article where it belongs, and then in the cache. What the cache
// misses does not undo the change: so it is accepted, and the answer says what was missed.
func (s *service) put(w http.ResponseWriter, r *http.Request) {
	var article Article
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&article); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	article = s.db.save(keyOf(r), article)
	// A caller who hangs up now must not leave the cache with the old edition.
	if err := s.articles.Set(context.WithoutCancel(r.Context()), keyOf(r), article); err != nil {
		http.Error(w, "saved, but a cache has missed it: "+err.Error(), http.StatusAccepted)
		return
	}
	reply(w, http.StatusOK, article)
}

// drop ends all copies of a section, in all instances.
func (s *service) drop(w http.ResponseWriter, r *http.Request) {
	if err := s.chain.Clear(context.WithoutCancel(r.Context()), namespace(r.PathValue("section"))); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// levelHealth is what /health says of a level.
type levelHealth struct {
	Name    string `json:"name"`
	LeftOut bool   `json:"leftOut"`
	Doubted int    `json:"doubted"`
	Error   string `json:"error,omitempty"`
}

type health struct {
	Bus    bool          `json:"bus"` // messages arrive
	Levels []levelHealth `json:"levels"`
}

// health answers 200 whatever the caches do: without them the service is slow, and
// not broken.
func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	h := health{Bus: s.bus.connected.Load()}
	for _, l := range s.chain.Levels() {
		state := levelHealth{Name: l.Name, LeftOut: l.LeftOut, Doubted: l.Doubted}
		if l.Err != nil {
			state.Error = l.Err.Error()
		}
		h.Levels = append(h.Levels, state)
	}
	reply(w, http.StatusOK, h)
}

func reply(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what) // else the client has gone
}

// fail says in the words of HTTP why there is no article.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway // the loader's own error
	switch {
	case errors.Is(err, advcache.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, advcache.ErrClosed):
		status = http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		status = http.StatusGatewayTimeout // who has hung up does not read it
	}
	http.Error(w, http.StatusText(status), status)
}

// explain has the answer say who had it, if the request asks for that, by what the
// cache has counted meanwhile. One request is explained at a time: of others that
// come beside it, the counters would tell as well.
func (s *service) explain(r *http.Request) func(http.ResponseWriter) {
	if r.Header.Get("X-Explain") == "" {
		return func(http.ResponseWriter) {}
	}
	s.explaining.Lock()
	before := s.stats.Snapshot()
	return func(w http.ResponseWriter) {
		after := s.stats.Snapshot()
		s.explaining.Unlock()
		w.Header().Set("X-Cache", answeredBy(before, after))
	}
}

func answeredBy(before, after advcache.Snapshot) string {
	grown := func(count func(advcache.Snapshot) int64) bool { return count(after) > count(before) }
	hits := func(name string) func(advcache.Snapshot) int64 {
		return func(s advcache.Snapshot) int64 { return s.Caches[name].Hits }
	}
	switch {
	case grown(func(s advcache.Snapshot) int64 { return s.Loads }):
		return "origin"
	case grown(func(s advcache.Snapshot) int64 { return s.Stale }):
		return "stale"
	case grown(hits(chainName + "/L3")):
		return "L3"
	case grown(hits(chainName + "/L2")):
		return "L2"
	case grown(hits(chainName + "/L1")), grown(hits(ttlName)):
		return "L1"
	}
	return "none"
}

// database is the origin: slow, and always right.
type database struct {
	latency time.Duration
	loads   atomic.Int64

	mu   sync.Mutex
	rows map[Key]Article
}

func (d *database) load(ctx context.Context, k Key) (Article, error) {
	d.loads.Add(1)
	d.mu.Lock()
	article, ok := d.rows[k] // what is true when the load begins
	d.mu.Unlock()
	timer := time.NewTimer(d.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return Article{}, ctx.Err()
	}
	if !ok {
		return Article{}, advcache.ErrNotFound
	}
	return article, nil
}

// save stores an article as a new edition.
func (d *database) save(k Key, article Article) Article {
	d.mu.Lock()
	defer d.mu.Unlock()
	article.Edition = d.rows[k].Edition + 1
	d.rows[k] = article
	return article
}

// edition returns which edition of an article there is.
func (d *database) edition(k Key) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows[k].Edition
}
