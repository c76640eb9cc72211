package redis

import (
	"strings"
	"testing"
)

func FuzzClientOption(f *testing.F) {
	for _, url := range []string{
		"redis://u:p@localhost:1/2?dial_timeout=1s&protocol=2", "rediss://[::1]:1?skip_verify", "unix:///tmp/s?db=1",
		"valkey://?addr=a&addr=b&master_set=m", "redis://u:hunter2@%zz", "redis://h/x?db=hunter2", "unix://",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		option, err := clientOption(url, Options{})
		if err != nil {
			if strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("the error contains the password: %v", err)
			}
			return
		}
		if len(option.InitAddress) == 0 {
			t.Fatalf("no address for %q", url)
		}
		if option.ForceSingleClient == (option.Sentinel.MasterSet != "") {
			t.Fatalf("both a single Redis and Sentinel, or neither, for %q", url)
		}
		if option.AlwaysRESP2 && !option.DisableCache {
			t.Fatalf("a cache without invalidations for %q", url)
		}
	})
}
