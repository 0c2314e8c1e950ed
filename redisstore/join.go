package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// lanes is how many reads are under way before those that come next are
	// joined. Fewer lanes make larger batches and save more, and what comes waits
	// longer for its turn: up to a round trip divided by them.
	lanes = 4

	// stuck is how long the latest of them may be under way before they count no
	// more, and how long a read waits for its turn at the most: what some
	// connections suffer must not hold up who can use another.
	stuck = 5 * time.Millisecond

	// mostJoined bounds a batch, all of which is read before anybody goes on. A
	// full one takes a lane of its own.
	mostJoined = 64
)

// joiner joins reads that come faster than the server answers: one pipeline has
// one connection, system call and round trip for all of them. A read that comes
// alone goes alone, at once.
type joiner struct {
	hurry func(*joined) *time.Timer // sends a batch that waits too long

	mu    sync.Mutex
	busy  int       // lanes in use
	began time.Time // when the latest of what is under way was sent
	next  *joined   // those who wait; nil: nobody
}

// joined is a batch of reads that wait for a lane.
type joined struct {
	ctx      context.Context //nolint:containedctx // of the first, for hooks: its values, without its end
	deadline time.Time       // the latest of all; zero: one has none
	cmds     []redis.Cmder
	done     chan struct{} // closed when all have their results
	panicked any           // in a hook
	patience *time.Timer   // sends the batch if it waits too long
}

// read runs a command that changes nothing, alone or with others.
func (s *Store) read(ctx context.Context, cmd *redis.StringCmd) error {
	if !s.single { // a Cluster spreads its reads over connections to many nodes
		return s.process(ctx, cmd)
	}
	batch, full := s.reads.enter(ctx, cmd)
	if batch == nil {
		defer s.leave() //nolint:contextcheck // a batch has a context of its own
		return s.process(ctx, cmd)
	}
	if full {
		go s.send(batch) //nolint:contextcheck // as above
	}
	select {
	case <-batch.done:
		if batch.panicked != nil {
			panic(batch.panicked) // for the caller, as if it had been alone
		}
		return s.explain(ctx, cmd.Err())
	case <-ctx.Done():
		return s.left(ctx)
	}
}

// leave gives a lane to those who wait, if there are any.
func (s *Store) leave() {
	if batch := s.reads.leave(); batch != nil {
		go s.send(batch)
	}
}

// hurry sends a batch that still waits by then.
func (s *Store) hurry(batch *joined) *time.Timer {
	return time.AfterFunc(stuck, func() {
		if s.reads.still(batch) {
			s.send(batch)
		}
	})
}

// send runs the commands of a batch. Each caller watches its own context.
func (s *Store) send(batch *joined) {
	defer s.leave() // after a runtime.Goexit too
	defer close(batch.done)
	ctx := batch.ctx
	if !batch.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, batch.deadline)
		defer cancel()
	}
	pipe := s.client.Pipeline()
	for _, cmd := range batch.cmds {
		_ = pipe.Process(ctx, cmd) // queues it
	}
	recovered(&batch.panicked, func() {
		_, err := pipe.Exec(ctx)
		settle(batch.cmds, err)
	})
}

// enter takes a lane, and returns nil; or else the batch that cmd is part of, and
// whether that is to be sent now.
func (j *joiner) enter(ctx context.Context, cmd redis.Cmder) (batch *joined, full bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.busy < lanes || time.Since(j.began) > stuck {
		j.take()
		return nil, false
	}
	batch = j.next
	deadline, _ := ctx.Deadline()
	switch {
	case batch == nil:
		batch = &joined{ctx: context.WithoutCancel(ctx), deadline: deadline, done: make(chan struct{})}
		batch.patience = j.hurry(batch)
		j.next = batch
	case deadline.IsZero():
		batch.deadline = deadline
	case !batch.deadline.IsZero() && deadline.After(batch.deadline):
		batch.deadline = deadline
	}
	batch.cmds = append(batch.cmds, cmd)
	if full = len(batch.cmds) == mostJoined; full {
		j.takeNext()
		j.take()
	}
	return batch, full
}

func (j *joiner) take() {
	j.busy++
	j.began = time.Now()
}

// leave returns the batch that has the lane now, or nil where it is free.
func (j *joiner) leave() *joined {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil {
		j.busy--
		return nil
	}
	j.began = time.Now()
	return j.takeNext()
}

// still takes a lane for a batch, if that still waits for one.
func (j *joiner) still(batch *joined) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next != batch {
		return false
	}
	j.takeNext()
	j.take()
	return true
}

// takeNext returns the batch that waits, which waits no more.
func (j *joiner) takeNext() *joined {
	batch := j.next
	j.next = nil
	batch.patience.Stop()
	return batch
}
