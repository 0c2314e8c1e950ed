package advcache_test

import (
	"fmt"
	"strings"

	"github.com/advcache/advcache"
)

func ExampleParseKey() {
	user, err := advcache.ParseKey[string]("users/{UserID}/profile")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range []string{"123", "ann@example.com", "a/b", "..", ""} {
		key, err := user.Key(id)
		fmt.Println(key, err)
	}
	// Output:
	// users/123/profile <nil>
	// users/ann@example.com/profile <nil>
	// users/a%2Fb/profile <nil>
	// users/%2E%2E/profile <nil>
	// users/%~/profile <nil>
}

func ExampleParseKey_struct() {
	type user struct {
		Tenant string
		ID     int
	}
	byTenant, err := advcache.ParseKey[user]("t/{Tenant}/u/{ID}")
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := byTenant.Key(user{Tenant: "acme", ID: 7})
	fmt.Println(key, err)

	// Two tenants would share their users.
	_, err = advcache.ParseKey[user]("u/{ID}")
	fmt.Println(err)
	// Output:
	// t/acme/u/7 <nil>
	// advcache: key template "u/{ID}": it leaves out {Tenant} of advcache_test.user, so values that differ only there would have one key; add a placeholder for each field, or tag it cache:"-"
}

func ExampleParseKey_tag() {
	type search struct {
		Query   string `cache:"q"`
		Page    int    `cache:"page"`
		TraceID string `cache:"-"` // not a part of what is searched
	}
	results, err := advcache.ParseKey[search]("search:{q}:{page}")
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := results.Key(search{Query: "red shoes", Page: 2, TraceID: "4bf9"})
	fmt.Println(key, err)
	// Output: search:red%20shoes:2 <nil>
}

func ExampleKeyTemplate_Limit() {
	page, err := advcache.ParseKey[string]("page:{}")
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := page.Limit(100).Key("https://example.com/" + strings.Repeat("long/", 50))
	fmt.Println(key, err)
	// Output: page:https%3A%2F%2Fexample.com%2Fl%#76170708e2cb8ed53f7704de708fb31115e2947c2e36aa6f4e028165005e7939 <nil>
}
