package live

// A change of several levels takes time, and goes from the last level upward. While
// it is under way, who finds nothing in an upper level sees what is new, and who
// finds something there what is old. So that nobody sees the old after somebody has
// seen the new, no upper level may come to have the old once the change is in
// effect (Amid, and Bar of loads that began before), and who looked at the upper
// levels before they were filled looks again (Overtaken).

// Change notes that a change of key is under way, until Changed: it bars all loads
// of key that have begun, and those that begin are amid it.
func (ps *Pendings) Change(key string) {
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changing == nil {
		s.changing = make(map[string]int)
	}
	s.changing[key]++
	s.changes.Store(int32(len(s.changing)))
	for p := s.byKey[key]; p != nil; p = p.next {
		p.Bar()
	}
}

// Overtake notes that a change of key is about to take effect, and the last one
// before it has ended. It bars all loads of key that have begun, and reports
// whether there are any. Those since whose beginning something was stored are
// overtaken.
func (ps *Pendings) Overtake(key string) (some bool) {
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	head := s.byKey[key]
	storing := 0
	for p := head; p != nil; p = p.next {
		p.Bar()
		if p.stores {
			storing++
		}
	}
	for p := head; p != nil; p = p.next {
		others := storing
		if p.stores {
			others--
		}
		p.overtaken = p.overtaken || p.filled || others > 0
	}
	return head != nil
}

// Changed is the end of Change. It bars all loads of key that have begun: what they
// saw may be older.
func (ps *Pendings) Changed(key string) {
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changing[key]--; s.changing[key] == 0 {
		delete(s.changing, key)
		s.changes.Store(int32(len(s.changing)))
	}
	for p := s.byKey[key]; p != nil; p = p.next {
		p.Bar()
		p.filled = true
	}
}

// Changing reports whether a change of key is under way.
func (ps *Pendings) Changing(key string) bool {
	s := ps.shard(key)
	if s.changes.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changing[key] > 0
}

// Store notes that the load p of key is about to store what it loaded, and reports
// whether it may: it is not barred, nor amid a change.
func (ps *Pendings) Store(key string, p *Pending) bool {
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.amid || p.Barred() {
		return false
	}
	p.stores = true
	return true
}

// Again reports whether the load p of key is overtaken: a change has come, and what
// the load looked at first may have been filled before that. It can then begin
// again, as what it is: it is barred.
func (ps *Pendings) Again(key string, p *Pending) bool {
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.overtaken {
		return false
	}
	p.overtaken, p.filled = false, false
	p.amid = s.changing[key] > 0
	return true
}
