package archtest

import (
	"path"
	"slices"
	"strings"
)

// toolsDir holds the module of the tools that contributors and CI run.
const toolsDir = "tools"

func checkModulePaths(r *repo) []string {
	var broken []string
	for _, m := range r.modules {
		if dir, ok := ownDir(m.path); !ok || dir != m.dir {
			broken = append(broken, path.Join(m.dir, "go.mod")+": module "+m.path)
		}
	}
	return broken
}

func checkReplaces(r *repo) []string {
	var broken []string
	for _, m := range r.modules {
		if m.dir == "." || m.dir == toolsDir {
			continue
		}
		needed := []string{self}
		for _, required := range m.requires {
			if _, isOwn := ownDir(required); isOwn && required != self {
				needed = append(needed, required)
			}
		}
		for _, module := range needed {
			dir, _ := ownDir(module)
			if to := m.replaces[module]; !strings.HasPrefix(to, "../") || path.Join(m.dir, to) != dir {
				broken = append(broken, path.Join(m.dir, "go.mod")+": "+module+" is replaced by "+quoteOrNothing(to))
			}
		}
	}
	return broken
}

func checkWork(r *repo) []string {
	var broken []string
	for _, m := range r.modules {
		switch used := slices.Contains(r.work, m.dir); {
		case m.dir == toolsDir && used:
			broken = append(broken, "go.work: uses "+toolsDir)
		case m.dir != toolsDir && !used:
			broken = append(broken, "go.work: does not use "+m.dir)
		}
	}
	return broken
}

func quoteOrNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
