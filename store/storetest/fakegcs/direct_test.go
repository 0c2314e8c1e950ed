package fakegcs

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestDirectAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(nil)
		given := Object{Body: []byte("hello"), Metadata: map[string]string{"a": "1"}}
		s.Plant("new-bucket", "..", given)
		given.Body[0], given.Metadata["a"] = 'j', "2"
		got, ok := s.Object("new-bucket", "..")
		want(t, "there is an object", ok, true)
		want(t, "body", string(got.Body), "hello")
		want(t, "metadata", got.Metadata["a"], "1")
		want(t, "generation", got.Generation, time.Now().UnixMicro())
		want(t, "metageneration", got.Metageneration, 1)
		want(t, "created", got.Created, time.Now().UTC())
		want(t, "updated", got.Updated, got.Created)
		want(t, "CRC32C", got.CRC32C, "mnG7TA==")
		got.Body[0] = 'j'

		edited := s.Edit("new-bucket", "..", func(obj *Object) {
			want(t, "body", string(obj.Body), "hello")
			obj.Body = append(obj.Body, '!')
			given.Body = obj.Body
		})
		want(t, "edited", edited, true)
		given.Body[0] = 'j'
		got, _ = s.Object("new-bucket", "..")
		want(t, "body", string(got.Body), "hello!")
		want(t, "CRC32C", got.CRC32C, "mnG7TA==")
		want(t, "edited nothing", s.Edit("new-bucket", "none", func(*Object) {}), false)
		want(t, "edited nothing", s.Edit("none", "none", func(*Object) {}), false)

		s.Plant("new-bucket", "a", Object{})
		keys := s.Keys("new-bucket")
		want(t, "keys", fmt.Sprint(keys), "[.. a]")
		keys[0] = "changed"
		s.Remove("new-bucket", "a")
		s.Remove("new-bucket", "a")
		s.Remove("none", "a")
		want(t, "keys", fmt.Sprint(s.Keys("new-bucket")), "[..]")
		want(t, "requests", s.Requests().String(), "no request")
	})
}

func TestCounts(t *testing.T) {
	s := newServer(Options{})
	ask(t, s, "POST", uploadURL+"media&name=k", "hello")
	ask(t, s, "GET", plainURL+"k", "")
	s.Reset()
	ask(t, s, "GET", plainURL+"k", "")
	ask(t, s, "GET", plainURL+"k", "", "If-None-Match: *")
	ask(t, s, "GET", plainURL+"none", "")
	ask(t, s, "DELETE", objectsURL+"k", "")
	c := s.Counts()
	want(t, "counts", fmt.Sprint(Counts{Requests: c.Requests, In: 1, Out: 2}), "3 ReadObject, 1 DeleteObject; 1 bytes in, 2 bytes out")
	want(t, "reads", c.Requests.Of(OpReadObject), 3)
	want(t, "all", c.Requests.Of(AnyOp), 4)
	want(t, "class B", c.Requests.In(ClassB), 3)
	want(t, "free", c.Requests.In(Free), 1)
	// A miss is not charged; that nothing has changed is.
	want(t, "billed B", c.BilledB, 2)
	want(t, "billed A", c.BilledA, 0)
	want(t, "peak", c.Peak, 1)
}
