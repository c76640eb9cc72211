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
	// redisSocket is the name of the socket of Redis.
	redisSocket = "redis.sock"

	// minRedis is the first major version with client-side caching.
	minRedis = 6
)

// Redis is a running private Redis server, or the in-process substitute.
type Redis struct {
	url       string
	inProcess bool
	stop      func() error
}

// StartRedis starts the Redis server of o.Dir with the keys of the last run; with o.Fast it does not save keys. If no
// redis-server 6 or later is installed, it starts a substitute in this process, which does not save keys; its URL
// disables client-side caching, which the substitute does not support. The context bounds the start only; the server
// runs until Stop. The error wraps ErrInUse if the server of o.Dir is running. If Redis fails, the error includes the
// end of its log.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	program, found := findRedis(ctx, o)
	if !found {
		o.log("No redis-server %d or later is installed; using a substitute in this process, which does not save its data",
			minRedis)
		return startInProcessRedis()
	}
	d, err := openServerDir(ctx, o, "redis")
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	r, err := startRedis(ctx, o, d, program)
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", errors.Join(err, d.close()))
	}
	return r, nil
}

// URL returns the address for rueidis.ParseURL, with the client options that this server requires.
func (r *Redis) URL() string { return r.url }

// InProcess reports whether this is the in-process substitute, because Redis is not installed.
func (r *Redis) InProcess() bool { return r.inProcess }

// Stop stops the server after it has saved its keys. It takes at most 20 seconds and fails if the server does not
// end. Later calls return the result of the first one.
func (r *Redis) Stop() error { return r.stop() }

// findRedis returns the first program in PATH and the directories of Homebrew that is recent enough.
func findRedis(ctx context.Context, o Options) (string, bool) {
	for _, name := range []string{
		"redis-server", "/opt/homebrew/opt/redis/bin/redis-server", "/usr/local/opt/redis/bin/redis-server",
	} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if programMajor(ctx, program) >= minRedis {
			return program, true
		}
		o.log("Ignoring %s: it is older than Redis %d", program, minRedis)
	}
	return "", false
}

func startRedis(ctx context.Context, o Options, d *serverDir, program string) (*Redis, error) {
	if err := d.chooseAccount("redis", "nobody"); err != nil {
		return nil, err
	}
	data, err := d.makeSubdir("data")
	if err != nil {
		return nil, err
	}
	sockets, err := d.socketDir(redisSocket)
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(sockets, redisSocket)
	// The parent-death signal is SIGKILL, because Redis refuses SIGTERM while it cannot save its keys, and it must not
	// outlive this process.
	server, err := d.launch(ctx, syscall.SIGKILL, program, redisArguments(data, socket, o.Fast)...)
	if err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "unix", Path: socket}
	r := &Redis{url: address.String(), stop: sync.OnceValue(func() error {
		return errors.Join(server.stop(syscall.SIGTERM, syscall.SIGKILL), d.close())
	})}
	if err := r.waitReady(ctx, server); err != nil {
		return nil, errors.Join(d.withLog(err), server.stop(syscall.SIGTERM, syscall.SIGKILL))
	}
	return r, nil
}

// waitReady waits until the server answers.
func (r *Redis) waitReady(ctx context.Context, server *process) error {
	option, err := rueidis.ParseURL(r.url)
	if err != nil {
		return fmt.Errorf("parse URL of Redis: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("Redis does not answer after %v", startTimeout))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		client, err := rueidis.NewClient(option)
		if err != nil {
			return false, server.checkRunning()
		}
		defer client.Close()
		return client.Do(ctx, client.B().Ping().Build()).Error() == nil, server.checkRunning()
	})
}

// redisArguments returns the settings that differ from the defaults of Redis. Without fast, keys are saved at most
// 300 seconds after a change and when the server stops.
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

// startInProcessRedis starts the substitute on a free loopback port. miniredis expires keys only in FastForward.
func startInProcessRedis() (*Redis, error) {
	server, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start in-process substitute for Redis: %w", err)
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
