package demo

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

const day = 24 * time.Hour

// chance is where everything comes from that is not written down: the same for the same seed, company and part.
type chance struct{ *rand.Rand }

func newChance(seed uint64, slug string, part int) chance {
	name := fnv.New64a()
	_, _ = name.Write(binary.BigEndian.AppendUint64([]byte(slug), uint64(part))) //nolint:gosec // parts count from 0
	return chance{rand.New(rand.NewPCG(seed, name.Sum64()))}                     //nolint:gosec // repeatable on purpose
}

// happens is true with a probability.
func (c chance) happens(probability float64) bool { return c.Float64() < probability }

// between gives a duration from one to another, in whole milliseconds.
func (c chance) between(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return (from + time.Duration(c.Int64N(int64(to-from)))).Truncate(time.Millisecond)
}

// id is a UUIDv7 (RFC 9562) of a time.
func (c chance) id(at time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|c.Uint64()&0xffff)
	binary.BigEndian.PutUint64(id[8:], c.Uint64())
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// pick gives one of several; there must be one.
func pick[T any](c chance, of []T) T { return of[c.IntN(len(of))] }

// maybe gives one of several texts with a probability, and otherwise nothing.
func maybe(c chance, probability float64, of []string) *string {
	if len(of) == 0 || !c.happens(probability) {
		return nil
	}
	text := pick(c, of)
	return &text
}

// shuffled gives the same things in another order.
func shuffled[T any](c chance, of []T) []T {
	other := append([]T(nil), of...)
	c.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	return other
}

// weighted gives the index of a weight, each with its share of the sum; -1 where all are 0.
func (c chance) weighted(weights []int) int {
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
