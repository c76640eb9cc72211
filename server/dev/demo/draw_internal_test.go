package demo

import (
	"testing"
	"time"
	_ "time/tzdata" // the program has it too

	"pgregory.net/rapid"
)

// TestWithin draws moments around the world: whoever works does so in office hours, not later than the moment, and at
// most three days before it; and a moment in office hours stays.
func TestWithin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{
			"UTC", "Europe/Berlin", "America/New_York", "America/Chicago", "Asia/Kolkata", "Asia/Singapore", "Australia/Melbourne", "Europe/Lisbon",
		}).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := office{zone}
		moment := time.Unix(rapid.Int64Range(1_700_000_000, 2_000_000_000).Draw(t, "moment"), 0)
		worked := at.within(moment)
		local := worked.In(zone)
		if worked.After(moment) || moment.Sub(worked) > 3*day || !at.workday(worked) || local.Hour() < opens || local.Hour() >= closes {
			t.Fatalf("%s becomes %s", moment.In(zone), local)
		}
		if again := at.within(worked); !again.Equal(worked) {
			t.Fatalf("%s becomes %s", local, again.In(zone))
		}
	})
}

func TestPortion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 30).Draw(t, "weights")
		weights[0]++ // they may not all be 0
		number := rapid.IntRange(0, 100_000).Draw(t, "number")
		all, sum := 0, 0
		for _, weight := range weights {
			all += weight
		}
		for i, part := range portion(number, weights) {
			sum += part
			if exact := float64(number) * float64(weights[i]) / float64(all); part < 0 || float64(part) < exact-1 || float64(part) > exact+1 {
				t.Fatalf("weight %d of %d gets %d of %d", weights[i], all, part, number)
			}
		}
		if sum != number {
			t.Fatalf("the parts of %d add up to %d", number, sum)
		}
	})
}

func TestWeighted(t *testing.T) {
	t.Parallel()
	c := newChance(1, "weighted", 0)
	if got := c.weighted(nil); got != -1 {
		t.Errorf("of nothing: %d", got)
	}
	if got := c.weighted([]int{0, 0}); got != -1 {
		t.Errorf("of zeros: %d", got)
	}
	counts := make([]int, 3)
	for range 10_000 {
		counts[c.weighted([]int{1, 0, 3})]++
	}
	if counts[0] < 2300 || counts[0] > 2700 || counts[1] != 0 {
		t.Errorf("1, 0 and 3 are drawn %v times", counts)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	c := newChance(1, "id", 0)
	at := time.UnixMilli(0x0123456789ab).UTC()
	id := c.id(at)
	if id.Version() != 7 || id.String()[:13] != "01234567-89ab" || id.Variant().String() != "RFC4122" {
		t.Errorf("the id of %s is %s", at, id)
	}
	if again := c.id(at); again == id {
		t.Error("two ids are the same")
	}
	if newChance(1, "id", 1).id(at) == newChance(1, "id", 0).id(at) || newChance(2, "id", 0).id(at) == newChance(1, "id", 0).id(at) {
		t.Error("parts and seeds do not differ")
	}
	if newChance(1, "id", 0).id(at) != id {
		t.Error("the same chance gives another id")
	}
}
