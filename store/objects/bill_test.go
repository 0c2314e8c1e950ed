package objects

import (
	"io"
	"math"
	"strings"
	"testing"
)

// TestBill holds that what is counted is what is paid.
func TestBill(t *testing.T) {
	var m Meter
	for class, n := range map[Class]int{ClassA: 2, ClassB: 3, Free: 4} {
		for range n {
			m.Count(class)
		}
	}
	m.Sent(1 << 30)
	body := m.Body(io.NopCloser(strings.NewReader("12345")))
	if got, err := io.ReadAll(body); string(got) != "12345" || err != nil {
		t.Errorf("Body = %q, %v", got, err)
	}
	u := m.Usage()
	if want := (Usage{ClassA: 2, ClassB: 3, Free: 4, Sent: 1 << 30, Received: 5}); u != want || u.Requests() != 9 {
		t.Errorf("Usage = %v; want %v", u, want)
	}
	if got := u.String(); got != "2 class A, 3 class B, 4 free; 1073741824 bytes sent, 5 received" {
		t.Errorf("String = %q", got)
	}
	prices := Prices{ClassA: 1000, ClassB: 100, Free: 10, Sent: 0.5, Received: 1 << 30}
	if got, want := u.Cost(prices), 2+0.3+0.04+0.5+5; math.Abs(got-want) > 1e-9 {
		t.Errorf("Cost = %v; want %v", got, want)
	}
	m.Count(ClassB)
	if got, want := m.Usage().Since(u), (Usage{ClassB: 1}); got != want {
		t.Errorf("Since = %v; want %v", got, want)
	}
}
