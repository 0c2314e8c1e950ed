package trial

import (
	"strings"
	"testing"
)

func TestExcept(t *testing.T) {
	except := map[string]string{"Race": "no locks", "Keys/Long": "names are short"}
	for name, want := range map[string]string{"Race/Any": "no locks", "Keys/Long": "names are short", "Keys/Short": ""} {
		topic, check, _ := strings.Cut(name, "/")
		if got := Excepted(except, topic, check); got != want {
			t.Errorf("%s is excepted by %q; want %q", name, got, want)
		}
	}
	all := func(yield func(topic, check string)) { yield("Race", "Any"); yield("Keys", "Long") }
	CheckExcept("suite", except, all)
	for want, except := range map[string]map[string]string{
		`suite: Harness.Except has "Rase"`:               {"Rase": "why"},
		`suite: Harness.Except has no reason for "Race"`: {"Race": ""},
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.HasPrefix(said, want) {
					t.Errorf("it panics with %q; want %q", said, want)
				}
			}()
			CheckExcept("suite", except, all)
		}()
	}
}
