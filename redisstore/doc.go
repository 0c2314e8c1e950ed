// Package redisstore keeps the bytes of a cache in Redis or Valkey, from version
// 6.2 on: on a single server, behind Sentinel, in a Cluster, or on a Ring.
//
//	rdb := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
//	users := store.New[User](redisstore.New(rdb, &redisstore.Options{Prefix: "users:"}), nil)
//
// Each key is one string, under Options.Prefix and the key: the header that
// [store.AppendEnvelope] writes, and the body. It expires in Redis when the entry
// is gone, to the millisecond, and never only where the entry never ends.
//
// A value that begins with "advc" is ours; where it makes no sense then, it is
// damaged, and not what somebody else wrote. Conditions of Put are decided in
// scripts, which cannot compute checksums: what only those tell to be damaged
// keeps IfVacant and IfGone out until a reader has seen and removed it.
//
// # Requests
//
// Commands, each of them one round trip:
//
//	Get                        GET; on a single server, those of many callers together
//	Get, with the hash held    EVALSHA that moves 256 bytes; GET too, if the content is another
//	Head                       EVALSHA that moves 256 bytes; twice, with tags that need more
//	Put                        SET
//	Put under a condition      EVALSHA
//	Touch                      EVALSHA, with 96 bytes instead of the body
//	Delete                     UNLINK; of many keys too
//	GetMany                    MGET of up to 512 keys; else one pipeline of GETs for each node
//	PutMany                    a pipeline of SETs, to each node, of up to 512 keys or 8 MiB
//	Clear                      SCAN of the whole database on each master, and UNLINK
//
// On Clusters and Rings many keys are deleted by a pipeline for each node. A
// server that does not know a script, as after a restart, is sent its text once.
// Clear looks at all keys there are, whoever wrote them: 1,000 at a time.
//
// On a single server, behind Sentinel too, four GETs are on their way at the same
// time; those that come meanwhile wait, and go as one pipeline, of up to 64, when
// one of the four is back, and after 5 ms at the latest. One system call is then for many, which with 64 callers takes half the CPU
// time of a GET for each. A caller that gives up leaves the others alone. Hooks of
// the client see such pipelines, with the context values of the first caller.
//
// # Costs
//
// A key takes its body and a header of 114 bytes, encoding, schema and tags, and
// what Redis needs for a key with an expiry, about 100 bytes. Scripts look at the
// header alone, whatever the size of the body. On one machine an Exists or a
// conditional Put of 1 KiB takes about 10 µs of the server more than GET and SET.
//
// # Contexts
//
// Deadlines and cancellations end all operations, those that wait for a server
// which accepts and never answers too. Without the option ContextTimeoutEnabled
// of its client, go-redis pays them no regard; so each operation takes a goroutine
// then, which is left behind until the ReadTimeout of the client. Set the option: it saves
// a fifth of the time of a GET on one machine. With it, a context whose
// deadline is within half a second takes no goroutine, which is the case for
// requests of a cache; one that is cancelled may then end as late as its deadline.
//
// What a client does by itself, such as MaxRetries and its timeouts, is as its
// owner has set it. A write that goes on after its context may be done or not. In
// this process, the next write or delete of the key waits for its end, as long as
// its own context lets it, so that what was deleted does not come back. What a
// server has in its buffers when it stops answering, it may still carry out when
// it goes on.
//
// # Outages
//
// Redis answers a write before its replicas have it: after a failover the last
// writes may be lost, deletes among them, so that an entry that was invalidated
// may be back until its life ends. Who cannot have that keeps lives short, or sets
// min-replicas-to-write. An outage gives errors, which say what the server said,
// such as READONLY, LOADING, CLUSTERDOWN, OOM, NOAUTH or WRONGTYPE. A Cluster
// client is told to look for the new master where the old one does not answer.
//
// A Ring puts the keys of a shard that is down on others, and back afterwards:
// what was deleted meanwhile is back with it. Prefer a Cluster.
//
// A value of another type is an error, but for GetMany on a single server, to
// which it is a miss, and for Put without a condition, which replaces it. In a
// Cluster, GetMany returns what the nodes that answer hold, and an error that
// tells of the others.
//
// # Bus
//
// A [Bus] carries invalidations between processes, by pub/sub:
//
//	bus := redisstore.NewBus(rdb, nil)
//	defer bus.Close()
//
// A message costs one PUBLISH, or SPUBLISH in a Cluster, for each 64 KiB. All
// buses of one channel get it, on one node of a Cluster, in about a tenth of a
// millisecond and the way there. A process with subscribers has one more
// connection, and sends a PUBLISH to itself with each heartbeat, which is a second;
// and with each new connection ROLE, or CLUSTER MYID, KEYSLOT and SHARDS, which its user may
// be forbidden. A fleet of 1,000 processes costs a server about 1,000 small
// commands a second. Of rights, a user needs publish and subscribe, or spublish and
// ssubscribe, on the channels of BusOptions.Channel.
//
// # Connections
//
// Pub/sub keeps nothing for those who are away, so what counts is to know when one
// was. While a subscriber is told that it is connected, a message that was published
// without an error arrives, or the subscriber is told otherwise:
//
//   - at once, when its connection breaks, when the server or CLIENT KILL ends it, when
//     a failover makes the master a replica, and when the slot of the channel moves;
//   - at most 2.75 heartbeats after the message, whatever happens: a server that hangs or
//     was replaced, a network that swallows what it is given. The heartbeats go the way of the
//     messages: to the server that the client publishes to, and back by the connection;
//   - within a quarter of a heartbeat after a process or machine goes on that was
//     stopped for longer than 2.5 heartbeats. The clock of the day is looked at too, so
//     one that is set forward by as much counts as a stop;
//   - with its turn, where 1,024 messages or 16 MiB wait for a subscriber that is
//     slow, where it panics, and where a message makes no sense, as one of a
//     later format. Then it is told of a loss, and that it is connected again.
//
// Until then it may be late by as much. A new connection is tried after 50 ms, then
// after twice as long each time, up to 2 s, and somewhat less by chance, so that
// a fleet does not come at once. It counts when the server has confirmed the
// subscription, has said that it is the master, and a heartbeat has come back.
//
// What no bus on Redis can see is a network that is parted so that the process still
// reaches the old master, publishes there and hears itself, while others have a
// new one. It lasts until the client learns of the new one. Setting
// min-replicas-to-write does not help, since it is not about pub/sub; with
// cluster-allow-pubsubshard-when-down no, the old master of a Cluster
// refuses heartbeats after its cluster-node-timeout.
//
// # Clocks
//
// Instants are those of the clients, and so are the decisions about them, in
// scripts too. The expiry is sent as a length of time: a client with a wrong clock
// reads and writes lives that are longer or shorter by as much, and cannot delete
// what others write by writing it.
package redisstore
