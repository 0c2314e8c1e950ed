package main

// mixWork is 90 % get and 10 % set.
func mixWork(r *runner) {
	keys := intKeys.keys(100_000)
	sequence := zipf(keys, 1.01, 1<<18)
	subjects, _ := build(r, intKeys, 150_000, []contender[int]{
		cachedFunc[int], otterCoarse[int], otterReal[int], theineLoading[int], sturdyCache[int],
		ttlCache[int], lru[int], goCache[int], lockFree[int],
	})
	entrants := make([]entrant, len(subjects))
	for i, s := range subjects {
		fill(s, intKeys, keys)
		entrants[i] = entrant{s.name, loop(sequence, s.mix)}
	}
	for _, callers := range callersOf(r) {
		all := interleave(entrants, r.plan(), callers)
		r.add(nil, compare(r, "90 % get, 10 % set, K = int, 100,000 keys zipf 1.01", callers, entrants, all, hitGoals{column: oursByThis}))
	}
	for _, s := range subjects {
		s.close()
	}
}
