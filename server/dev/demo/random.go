package demo

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

const day = 24 * time.Hour

// random is the source of all random choices. It yields the same sequence for the same seed, company and part.
type random struct{ *rand.Rand }

func newRandom(seed uint64, slug string, part int) random {
	name := fnv.New64a()
	_, _ = name.Write(binary.BigEndian.AppendUint64([]byte(slug), uint64(part))) //nolint:gosec // parts count from 0
	return random{rand.New(rand.NewPCG(seed, name.Sum64()))}                     //nolint:gosec // repeatable on purpose
}

// chance reports true with the given probability.
func (c random) chance(probability float64) bool { return c.Float64() < probability }

// between returns a duration in [from, to), truncated to milliseconds, or from if the range is empty.
func (c random) between(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return (from + time.Duration(c.Int64N(int64(to-from)))).Truncate(time.Millisecond)
}

// id returns a UUIDv7 (RFC 9562) with the given time.
func (c random) id(at time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|c.Uint64()&0xffff)
	binary.BigEndian.PutUint64(id[8:], c.Uint64())
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// pick returns a random element. It panics if there is none.
func pick[T any](c random, of []T) T { return of[c.IntN(len(of))] }

// maybe returns a random text with the given probability, otherwise nil.
func maybe(c random, probability float64, of []string) *string {
	if len(of) == 0 || !c.chance(probability) {
		return nil
	}
	text := pick(c, of)
	return &text
}

// shuffled returns a shuffled copy.
func shuffled[T any](c random, of []T) []T {
	other := append([]T(nil), of...)
	c.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	return other
}

// weightedIndex returns a random index with a probability proportional to its weight, or -1 if all weights are 0.
func (c random) weightedIndex(weights []int) int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	if sum == 0 {
		return -1
	}
	left := c.IntN(sum)
	for i, weight := range weights {
		if left -= weight; left < 0 {
			return i
		}
	}
	return -1
}
