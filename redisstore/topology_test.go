package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// cluster is a Redis Cluster: masters first, then the replica of each, if it has
// replicas.
type cluster struct {
	masters, replicas []*server
}

// threeMasters is a Cluster that tests leave as it is, but for their own keys.
var threeMasters = shared("redis-server", func() (*cluster, error) { return startCluster(3, false) })

func startCluster(masters int, replicas bool) (*cluster, error) {
	c := &cluster{}
	for i := range masters * 2 {
		if i >= masters && !replicas {
			break
		}
		bus, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := start("--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-node-timeout", "1000",
			"--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0")
		if err != nil {
			return nil, err
		}
		if i < masters {
			c.masters = append(c.masters, s)
		} else {
			c.replicas = append(c.replicas, s)
		}
	}
	return c, c.join()
}

func (c *cluster) all() []*server {
	return slices.Concat(c.masters, c.replicas)
}

// join makes one Cluster of the servers.
func (c *cluster) join() error {
	ctx := context.Background()
	ids := make(map[*server]string)
	for i, s := range c.all() {
		node := redis.NewClient(&redis.Options{Addr: s.addr()})
		defer node.Close()
		var err error
		if ids[s], err = node.Do(ctx, "cluster", "myid").Text(); err != nil {
			return err
		}
		if err := node.Do(ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
			return err
		}
		if n := len(c.masters); i < n {
			if err := node.ClusterAddSlotsRange(ctx, i*16384/n, (i+1)*16384/n-1).Err(); err != nil {
				return err
			}
		}
		for _, other := range c.all()[:i] {
			bus := other.args[slices.Index(other.args, "--cluster-port")+1]
			if err := node.Do(ctx, "cluster", "meet", "127.0.0.1", other.port, bus).Err(); err != nil {
				return err
			}
		}
	}
	for i, s := range c.replicas {
		node := redis.NewClient(&redis.Options{Addr: s.addr()})
		defer node.Close()
		if err := until(func(ctx context.Context) error {
			return node.ClusterReplicate(ctx, ids[c.masters[i]]).Err()
		}); err != nil {
			return err
		}
	}
	return until(func(ctx context.Context) error { return c.ready(ctx) })
}

// ready returns an error unless all nodes agree that the Cluster works, with all
// replicas in place.
func (c *cluster) ready(ctx context.Context) error {
	for _, s := range c.all() {
		node := redis.NewClient(&redis.Options{Addr: s.addr()})
		defer node.Close()
		info, err := node.ClusterInfo(ctx).Result()
		if err != nil {
			return err
		}
		if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", len(c.all()))) {
			return fmt.Errorf("%s: %s", s.addr(), info)
		}
		shards, err := node.ClusterShards(ctx).Result()
		if err != nil {
			return err
		}
		nodes := 0
		for _, shard := range shards {
			nodes += len(shard.Nodes)
		}
		if len(shards) != len(c.masters) || nodes != len(c.all()) {
			return fmt.Errorf("%s knows %v", s.addr(), shards)
		}
	}
	for _, s := range c.replicas {
		node := redis.NewClient(&redis.Options{Addr: s.addr()})
		defer node.Close()
		info, err := node.Info(ctx, "replication").Result()
		if err != nil {
			return err
		}
		if !strings.Contains(info, "master_link_status:up") {
			return fmt.Errorf("%s: %s", s.addr(), info)
		}
	}
	return nil
}

func (c *cluster) client(tb testing.TB, change ...func(*redis.ClusterOptions)) *redis.ClusterClient {
	o := &redis.ClusterOptions{}
	for _, s := range c.all() {
		o.Addrs = append(o.Addrs, s.addr())
	}
	for _, f := range change {
		f(o)
	}
	client := redis.NewClusterClient(o)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// watched is a master with replicas, and the Sentinels that watch it.
type watched struct {
	servers   []*server
	sentinels []*server
}

// behindSentinel is a master that tests leave as it is, but for their own keys.
var behindSentinel = shared("redis-sentinel", startWatched)

func startWatched() (*watched, error) {
	w := &watched{}
	master, err := start("--repl-diskless-sync-delay", "0")
	if err != nil {
		return nil, err
	}
	replica, err := start("--replicaof", "127.0.0.1 "+strconv.Itoa(master.port), "--repl-diskless-sync-delay", "0")
	if err != nil {
		return nil, err
	}
	w.servers = []*server{master, replica}
	for range 3 {
		sentinel, err := startProgram("redis-sentinel", func(s *server) []string {
			file := filepath.Join(s.dir, "sentinel.conf") // it writes to it
			config := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %q\nlogfile %q\nsentinel monitor main 127.0.0.1 %d 2\n"+
				"sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n",
				s.port, s.dir, filepath.Join(s.dir, "log"), master.port)
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				panic(err)
			}
			return []string{file}
		})
		if err != nil {
			return nil, err
		}
		w.sentinels = append(w.sentinels, sentinel)
	}
	return w, until(w.ready)
}

// ready returns an error unless all Sentinels know one another and the replica.
func (w *watched) ready(ctx context.Context) error {
	for _, s := range w.sentinels {
		sentinel := redis.NewSentinelClient(&redis.Options{Addr: s.addr()})
		defer sentinel.Close()
		master, err := sentinel.Master(ctx, "main").Result()
		if err != nil {
			return err
		}
		if master["flags"] != "master" || master["num-slaves"] != "1" || master["num-other-sentinels"] != "2" {
			return fmt.Errorf("%s knows %v", s.addr(), master)
		}
	}
	return nil
}

func (w *watched) client(tb testing.TB, change ...func(*redis.FailoverOptions)) *redis.Client {
	o := &redis.FailoverOptions{MasterName: "main"}
	for _, s := range w.sentinels {
		o.SentinelAddrs = append(o.SentinelAddrs, s.addr())
	}
	for _, f := range change {
		f(o)
	}
	client := redis.NewFailoverClient(o)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// clusterClient sees the servers as one shard of a Cluster, to read from all of them.
func (w *watched) clusterClient(tb testing.TB) *redis.ClusterClient {
	o := &redis.FailoverOptions{MasterName: "main"}
	for _, s := range w.sentinels {
		o.SentinelAddrs = append(o.SentinelAddrs, s.addr())
	}
	client := redis.NewFailoverClusterClient(o)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}
