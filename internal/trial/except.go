package trial

import (
	"fmt"
	"maps"
	"slices"
)

// Excepted returns why a check is not to be run, "" if it is: by its name, such as
// "Race/Delete", or by that of its topic.
func Excepted(except map[string]string, topic, check string) (why string) {
	if why, ok := except[topic+"/"+check]; ok {
		return why
	}
	return except[topic]
}

// CheckExcept panics where except has a name that is none of a check or a topic, or
// one without a reason.
func CheckExcept(suite string, except map[string]string, each func(yield func(topic, check string))) {
	known := make(map[string]bool)
	each(func(topic, check string) { known[topic], known[topic+"/"+check] = true, true })
	for _, name := range slices.Sorted(maps.Keys(except)) {
		switch {
		case !known[name]:
			panic(fmt.Sprintf("%s: Harness.Except has %q; there is no such topic or check", suite, name))
		case except[name] == "":
			panic(fmt.Sprintf("%s: Harness.Except has no reason for %q", suite, name))
		}
	}
}
