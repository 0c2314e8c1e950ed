package main

// pressureWork asks for more keys than the caches hold: it shows whether hits
// answered early hide keys from the policy that chooses what to evict.
func pressureWork(r *runner) {
	const keyCount, capacity = 1_000_000, 50_000
	chunk := 200_000
	if r.quick {
		chunk = 50_000
	}
	keys := intKeys.keys(keyCount)
	// The first rounds fill the caches.
	warm := max(5, 4*capacity/chunk)
	sequence := zipf(keys, 1.01, chunk*(warm+r.rounds))
	pressure(r, "under pressure, 1,000,000 keys zipf 1.01, capacity 50,000", capacity, sequence, warm, chunk)

	// Popularity moves: every fifth of the way, other keys are the hot ones.
	for i, k := range sequence {
		shift := i / (len(sequence)/5 + 1) * (keyCount / 5)
		sequence[i] = keys[(k-keys[0]+shift)%keyCount]
	}
	pressure(r, "under pressure, the same, hot keys change four times", capacity, sequence, warm, chunk)
}

func pressure(r *runner, name string, capacity int, sequence []int, warm, chunk int) {
	subjects, counters := build(r, intKeys, capacity, []contender[int]{
		cached[int], otterCoarse[int], theineLoading[int], sturdyCache[int], ttlCache[int], lru[int],
	})
	all := make([]series, len(subjects))
	entrants := make([]entrant, len(subjects))
	rates := make([]float64, len(subjects))
	for round := range len(sequence) / chunk {
		part := sequence[round*chunk : (round+1)*chunk]
		for turn := range subjects {
			i := (round + turn) % len(subjects)
			before := counters[i]()
			cost := r.take(chunk, func() { subjects[i].hits(part) })
			if round >= warm {
				all[i] = append(all[i], cost)
				rates[i] += 1 - float64(counters[i]()-before)/float64(chunk)
			}
		}
	}
	for i, s := range subjects {
		entrants[i] = entrant{name: s.name}
		s.close()
	}
	rows := compare(r, name, 1, entrants, all, hitGoals{column: oursByThis})
	for i := range rows {
		rows[i].Metrics = append(rows[i].Metrics, metric{Name: "hit ratio", Value: rates[i] / float64(len(all[i]))})
	}
	r.add(nil, rows)
}
