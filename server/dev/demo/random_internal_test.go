package demo

import (
	"testing"
	"time"
	_ "time/tzdata" // the program embeds it, too

	"pgregory.net/rapid"
)

// TestWorkTime checks that a work time is in office hours, not after the given time and at most three days before it, and
// that a time in office hours does not change.
func TestWorkTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{
			"UTC", "Europe/Berlin", "America/New_York", "America/Chicago", "Asia/Kolkata", "Asia/Singapore",
			"Australia/Melbourne", "Europe/Lisbon",
		}).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := office{zone}
		given := time.Unix(rapid.Int64Range(1_700_000_000, 2_000_000_000).Draw(t, "time"), 0)

		got := at.workTime(given)

		local := got.In(zone)
		if got.After(given) || given.Sub(got) > 3*day {
			t.Fatalf("workTime(%s): got %s, want a time at most three days earlier", given.In(zone), local)
		}
		if !at.workday(got) || local.Hour() < opens || local.Hour() >= closes {
			t.Fatalf("workTime(%s): got %s, want office hours", given.In(zone), local)
		}
		if again := at.workTime(got); !again.Equal(got) {
			t.Fatalf("workTime(%s): got %s, want the same time", local, again.In(zone))
		}
	})
}

func TestApportion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 30).Draw(t, "weights")
		weights[0]++ // the sum must not be 0
		number := rapid.IntRange(0, 100_000).Draw(t, "number")
		total := 0
		for _, weight := range weights {
			total += weight
		}

		parts := apportion(number, weights)

		if len(parts) != len(weights) {
			t.Fatalf("got %d parts, want %d", len(parts), len(weights))
		}
		sum := 0
		for i, part := range parts {
			sum += part
			exact := float64(number) * float64(weights[i]) / float64(total)
			if part < 0 || float64(part) < exact-1 || float64(part) > exact+1 {
				t.Fatalf("part of weight %d: got %d, want %.2f plus or minus 1", weights[i], part, exact)
			}
		}
		if sum != number {
			t.Fatalf("sum of the parts: got %d, want %d", sum, number)
		}
	})
}

func TestWeightedIndex(t *testing.T) {
	t.Parallel()
	c := newRandom(1, "weighted", 0)
	if got := c.weightedIndex(nil); got != -1 {
		t.Errorf("without weights: got %d, want -1", got)
	}
	if got := c.weightedIndex([]int{0, 0}); got != -1 {
		t.Errorf("weights of 0: got %d, want -1", got)
	}
	counts := make([]int, 3)
	for range 10_000 {
		counts[c.weightedIndex([]int{1, 0, 3})]++
	}
	if counts[0] < 2300 || counts[0] > 2700 || counts[1] != 0 {
		t.Errorf("weights 1, 0, 3: got counts %v, want about [2500 0 7500]", counts)
	}
}

func TestIDIsReproducibleUUIDv7(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(0x0123456789ab).UTC()
	c := newRandom(1, "id", 0)
	first, second := c.id(at), c.id(at)

	if first.Version() != 7 || first.String()[:13] != "01234567-89ab" || first.Variant().String() != "RFC4122" {
		t.Errorf("id(%s): got %s, want a UUIDv7 with this time", at, first)
	}
	if second == first {
		t.Error("two ids of one source are equal")
	}
	if got := newRandom(1, "id", 0).id(at); got != first {
		t.Errorf("same seed, name and part: got %s, want %s", got, first)
	}
	if got := newRandom(1, "id", 1).id(at); got == first {
		t.Error("another part gives the same id")
	}
	if got := newRandom(2, "id", 0).id(at); got == first {
		t.Error("another seed gives the same id")
	}
}
