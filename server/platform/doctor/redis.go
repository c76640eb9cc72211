package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

// minRedis is the oldest major version that works.
const minRedis = 7

// redisChecks lists the checks of Redis. The first one connects.
func redisChecks() []check {
	checks := []check{{"redis: reachable", redisReachable}}
	for _, one := range []check{
		{"version", redisVersion},
		{"rights and eviction", redisRights},
		{"TLS", redisTLS},
	} {
		checks = append(checks, check{"redis: " + one.name, func(ctx context.Context, x *examination) Result {
			switch {
			case x.Invalid.Of("REDIS_URL"):
				return notChecked("REDIS_URL is not valid")
			case x.Config.RedisURL == "":
				return ok("development starts its own")
			case x.redis == nil:
				return notChecked("Redis does not answer")
			}
			return one.run(ctx, x)
		}})
	}
	return checks
}

func redisReachable(ctx context.Context, x *examination) Result {
	if x.Invalid.Of("REDIS_URL") {
		return notChecked("REDIS_URL is not valid")
	}
	if x.Config.RedisURL == "" {
		return ok("development starts its own")
	}
	var err error
	said := &lastError{Handler: slog.DiscardHandler}
	if x.redis, err = redis.Open(ctx, x.Config.RedisURL.Reveal(), slog.New(said), redis.Options{}); err != nil {
		return failure("REDIS_URL cannot be used: "+err.Error(), "Correct REDIS_URL.")
	}
	waiting, cancel := context.WithTimeout(ctx, redisWait)
	defer cancel()
	for {
		if err = x.redis.Up(waiting); err == nil {
			return ok("answers")
		}
		select {
		case <-waiting.Done():
			x.redis.Close()
			x.redis = nil
			return failure("does not answer"+said.text(), "Start Redis, and check host, port, user and password in REDIS_URL.")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lastError is a log that keeps the last error. Connections are opened in the background, which logs why one fails.
type lastError struct {
	slog.Handler
	mu   sync.Mutex
	last string
}

// Enabled is always true.
func (l *lastError) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps the error of a record.
func (l *lastError) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.last = a.Value.String()
		}
		return true
	})
	return nil
}

// text returns the error, after a colon; empty for none.
func (l *lastError) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == "" {
		return ""
	}
	return ": " + l.last
}

// info returns a field of INFO, or of CONFIG GET.
func (x *examination) info(ctx context.Context, section, field string) (value string, err error) {
	err = x.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		text, err := c.Do(ctx, c.B().Info().Section(section).Build()).ToString()
		for line := range strings.Lines(text) {
			if found, is := strings.CutPrefix(line, field+":"); is {
				value = strings.TrimSpace(found)
			}
		}
		return err
	})
	return value, err
}

func redisVersion(ctx context.Context, x *examination) Result {
	version, err := x.info(ctx, "server", "redis_version")
	if err != nil {
		return warning("INFO was refused: "+err.Error(), "Permit the user INFO, or check by hand that Redis is 7 or later.")
	}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < minRedis {
		return failure(version, fmt.Sprintf("Use Redis %d or later.", minRedis))
	}
	return ok(version)
}

func redisRights(ctx context.Context, x *examination) Result {
	wrong, err := x.redis.Check(ctx)
	switch {
	case err != nil:
		return unexpected("check the commands of Redis", err)
	case len(wrong) == 0:
		return ok("all commands are permitted, and no counter is evicted")
	}
	found, remedies := make([]string, len(wrong)), make([]string, len(wrong))
	for i, one := range wrong {
		found[i], remedies[i], _ = strings.Cut(one, ": ")
	}
	return warning(strings.Join(found, "; "), strings.Join(remedies, "; ")+".")
}

func redisTLS(_ context.Context, x *examination) Result {
	parsed, err := url.Parse(x.Config.RedisURL.Reveal())
	if err != nil {
		return notChecked("REDIS_URL cannot be parsed")
	}
	switch {
	case parsed.Scheme == "rediss":
		return ok("TLS")
	case parsed.Scheme == "unix" || nearby(parsed.Hostname()):
		return ok("none, on the same machine")
	}
	return warning("none", "Use a URL that begins with rediss://.")
}

// nearby reports whether a host is this machine.
func nearby(host string) bool {
	address := net.ParseIP(host)
	return host == "" || strings.HasPrefix(host, "/") || host == "localhost" || address != nil && address.IsLoopback()
}
