package local_test

import (
	"errors"
	"testing"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
)

// startRedis starts the server of a directory. It runs until the test ends.
func startRedis(t *testing.T, o local.Options) *local.Redis {
	t.Helper()
	o.Log = t.Logf
	r, err := local.StartRedis(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func redisClient(t *testing.T, r *local.Redis) rueidis.Client {
	t.Helper()
	option, err := rueidis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestRedisKeepsKeys(t *testing.T) {
	t.Parallel()
	o := local.Options{Dir: tempDir(t)}
	r := startRedis(t, o)
	client := redisClient(t, r)
	if err := client.Do(t.Context(), client.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if r.InProcess() {
		t.Fatal("this test needs redis-server in PATH: the substitute does not save keys")
	}
	if _, err := local.StartRedis(t.Context(), o); !errors.Is(err, local.ErrInUse) {
		t.Errorf("second start in the directory: got error %v, want ErrInUse", err)
	}
	for range 2 {
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	client = redisClient(t, startRedis(t, o))
	if got, err := client.Do(t.Context(), client.B().Get().Key("k").Build()).ToString(); err != nil || got != "v" {
		t.Errorf("key after a restart: got %q and error %v, want v", got, err)
	}
}

func TestFastRedisDoesNotKeepKeys(t *testing.T) {
	t.Parallel()
	o := local.Options{Dir: tempDir(t), Fast: true}
	r := startRedis(t, o)
	client := redisClient(t, r)
	if err := client.Do(t.Context(), client.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	client = redisClient(t, startRedis(t, o))
	if err := client.Do(t.Context(), client.B().Get().Key("k").Build()).Error(); !rueidis.IsRedisNil(err) {
		t.Errorf("key after a restart: got error %v, want nil reply", err)
	}
}
