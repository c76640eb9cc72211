package ratelimit

import (
	"context"
	"time"
)

// Manual makes a limiter book only if it must, and when Book is called.
func (l *Limiter) Manual() { l.buckets.after = time.Hour }

// Book books what is not booked, and waits until all is, unless that fails.
func (l *Limiter) Book(ctx context.Context) {
	l.Wait()
	l.flush(ctx)
}

// Wait waits until nothing is being booked.
func (l *Limiter) Wait() {
	for _, booked := range l.flying() {
		<-booked
	}
}

func (l *Limiter) flying() []chan struct{} {
	l.buckets.mu.Lock()
	defer l.buckets.mu.Unlock()
	var flying []chan struct{}
	for _, b := range l.buckets.of {
		if b.booked != nil {
			flying = append(flying, b.booked)
		}
	}
	return flying
}

// Unbooked returns how many requests are not booked.
func (l *Limiter) Unbooked() (number int) {
	l.buckets.mu.Lock()
	defer l.buckets.mu.Unlock()
	for _, b := range l.buckets.of {
		number += b.used + b.flying
	}
	return number
}

// Remembered returns how many clients the limiter remembers.
func (l *Limiter) Remembered() int {
	l.buckets.mu.Lock()
	defer l.buckets.mu.Unlock()
	return len(l.buckets.of)
}
