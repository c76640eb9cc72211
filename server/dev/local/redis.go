package local

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"
)

const (
	// redisSocket is the name of Redis's socket in its folder.
	redisSocket = "redis.sock"

	// oldestRedis is the first major version with client-side caching.
	oldestRedis = 6
)

// Redis is a running private Redis server, or what stands in for one within this process.
type Redis struct {
	url       string
	inProcess bool
	stop      func() error
}

// StartRedis starts the Redis of o.Dir with the keys it had when it was last stopped; with o.Fast it will not keep its
// keys. Where no redis-server of version 6 or later is installed, a small imitation runs in this process; it keeps
// nothing, and its URL turns client-side caching off, which it does not know. The context bounds the start, not the
// server, which runs until Stop. The error wraps ErrInUse when the server of o.Dir runs already; when Redis itself
// fails, it shows the end of its log.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	program, found := findRedis(ctx, o)
	if !found {
		o.say("no redis-server %d or later found: an imitation in this process stands in, and forgets all when it ends",
			oldestRedis)
		return imitateRedis()
	}
	h, err := openHome(ctx, o, "redis")
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	r, err := startRedis(ctx, o, h, program)
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", errors.Join(err, h.close()))
	}
	return r, nil
}

// URL gives the address, as rueidis.ParseURL understands it, with the options that this server needs of its clients.
func (r *Redis) URL() string { return r.url }

// InProcess reports whether an imitation stands in for Redis, because none is installed.
func (r *Redis) InProcess() bool { return r.inProcess }

// Stop ends the server after it has written its keys. It takes at most 20 seconds, and fails when the server does not
// go. Only the first call does something; later ones give its result.
func (r *Redis) Stop() error { return r.stop() }

// findRedis gives the first program in PATH and Homebrew's folders that is recent enough.
func findRedis(ctx context.Context, o Options) (string, bool) {
	for _, name := range []string{
		"redis-server", "/opt/homebrew/opt/redis/bin/redis-server", "/usr/local/opt/redis/bin/redis-server",
	} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if programMajor(ctx, program) >= oldestRedis {
			return program, true
		}
		o.say("passing over %s: it is no Redis %d or later", program, oldestRedis)
	}
	return "", false
}

func startRedis(ctx context.Context, o Options, h *home, program string) (*Redis, error) {
	if err := h.useAccount("redis", "nobody"); err != nil {
		return nil, err
	}
	data, err := h.folder("data")
	if err != nil {
		return nil, err
	}
	sockets, err := h.socketFolder(redisSocket)
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(sockets, redisSocket)
	// When we are killed, saving the keys does not matter as much as an end in any case: Redis refuses a polite one as
	// long as it cannot save.
	server, err := h.launch(ctx, syscall.SIGKILL, program, redisArguments(data, socket, o.Fast)...)
	if err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "unix", Path: socket}
	r := &Redis{url: address.String(), stop: sync.OnceValue(func() error {
		return errors.Join(server.stop(syscall.SIGTERM, syscall.SIGKILL), h.close())
	})}
	if err := r.await(ctx, server); err != nil {
		return nil, errors.Join(h.explain(err), server.stop(syscall.SIGTERM, syscall.SIGKILL))
	}
	return r, nil
}

// await returns when the server answers, or with an error when it does not come to that.
func (r *Redis) await(ctx context.Context, server *process) error {
	option, err := rueidis.ParseURL(r.url)
	if err != nil {
		return fmt.Errorf("parse our own URL: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readiness, fmt.Errorf("Redis does not answer after %v", readiness))
	defer cancel()
	return until(ctx, func() (bool, error) {
		client, err := rueidis.NewClient(option)
		if err != nil {
			return false, server.gone()
		}
		defer client.Close()
		return client.Do(ctx, client.B().Ping().Build()).Error() == nil, server.gone()
	})
}

// redisArguments are all settings that differ from Redis's own. Where keys are kept, they are saved some time after a
// change, and at the end.
func redisArguments(data, socket string, fast bool) []string {
	save := "300 1"
	if fast {
		save = ""
	}
	return []string{
		"--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", data,
		"--save", save, "--appendonly", "no", "--daemonize", "no",
	}
}

// imitateRedis serves the imitation on a free loopback port. Its keys expire only when it is told that time has passed.
func imitateRedis() (*Redis, error) {
	server, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start an imitation of Redis: %w", err)
	}
	done := make(chan struct{})
	go func() {
		const step = 100 * time.Millisecond
		tick := time.NewTicker(step)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				server.FastForward(step)
			case <-done:
				return
			}
		}
	}()
	return &Redis{
		url:       "redis://" + server.Addr() + "?protocol=2&client_cache=0",
		inProcess: true,
		stop: sync.OnceValue(func() error {
			close(done)
			server.Close()
			return nil
		}),
	}, nil
}
