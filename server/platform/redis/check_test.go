package redis_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// TestCheck expects that what the access control list does not permit, and a policy that loses counters, are named with
// a remedy, and that everything else works.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules, policy string
		want          []string
	}{
		"everything":        {"+@all", "noeviction", nil},
		"without tracking":  {"+@all -client|tracking", "noeviction", []string{"+client|tracking"}},
		"without scripting": {"+@all -eval -evalsha", "noeviction", []string{"+eval +evalsha"}},
		"without info":      {"+@all -info", "allkeys-lru", []string{"+info"}},
		"all keys":          {"+@all", "allkeys-lru", []string{"maxmemory-policy is allkeys-lru"}},
		"volatile keys":     {"+@all", "volatile-ttl", []string{"maxmemory-policy is volatile-ttl"}},
		"nothing":           {"+@all -client|tracking -eval", "volatile-lru", []string{"+client|tracking", "+eval", "volatile-lru"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := append([]string{"--user", "service", "on", ">secret", "~*", "&*"}, strings.Fields(test.rules)...)
			port, _ := listen(t, append(user, "--maxmemory-policy", test.policy)...)
			r := open(t, "redis://service:secret@127.0.0.1:"+port, redis.Options{Timeout: longTimeout})
			redistest.Eventually(t, failover, "up", func() bool { return r.Up(t.Context()) == nil })
			got, err := r.Check(t.Context())
			if err != nil || len(got) != len(test.want) {
				t.Fatalf("got %q (error %v), want %d findings", got, err, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("finding %d is %q, want it to contain %q", i, got[i], want)
				}
			}
			if err := set(t.Context(), r, "v"); err != nil {
				t.Errorf("write: %v", err)
			}
			if value, _, err := cached(t.Context(), r); err != nil || value != "v" {
				t.Errorf("cached read: got %q (error %v), want v", value, err)
			}
		})
	}
}

// TestDocumentedRules uses the rule of the documentation, in which nothing is missing, and then takes away one part after the
// other. Check names it.
func TestDocumentedRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/operations/deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rule, found := strings.Cut(string(text), "ACL SETUSER interviewer ")
	rule, _, ended := strings.Cut(rule, "\n")
	if !found || !ended {
		t.Fatal("the documentation has no rule")
	}
	words := strings.Fields(rule)
	check := func(t *testing.T, words []string) []string {
		t.Helper()
		port, _ := listen(t, append([]string{"--user", "interviewer"}, words...)...)
		r := open(t, "redis://interviewer:password@127.0.0.1:"+port, redis.Options{Timeout: longTimeout})
		redistest.Eventually(t, failover, "up", func() bool { return r.Up(t.Context()) == nil })
		wrong, err := r.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return wrong
	}
	if wrong := check(t, words); len(wrong) > 0 {
		t.Errorf("documented rule: got %q, want nothing to be missing", wrong)
	}
	optional := []string{"+ping", "+hello", "+role", "+client|caching", "+evalsha"}
	for n, word := range words {
		if !strings.HasPrefix(word, "+") && !strings.HasPrefix(word, "~") || slices.Contains(optional, word) {
			continue
		}
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			wrong := check(t, slices.Delete(slices.Clone(words), n, n+1))
			if len(wrong) != 1 || !strings.Contains(wrong[0], word) {
				t.Errorf("got %q, want one finding that names it", wrong)
			}
		})
	}
	t.Run("other keys only", func(t *testing.T) {
		t.Parallel()
		wrong := check(t, []string{"on", ">password", "~interviewer:*", "&*", "+@all"})
		if len(wrong) != 1 || !strings.Contains(wrong[0], "~session:* ~login:* ~limit:* ~lease:*") {
			t.Errorf("got %q, want the keys to be named", wrong)
		}
	})
}

// TestRulesNameWhatIsUsed looks for the commands of all scripts and the keys of all packages in what Check examines.
func TestRulesNameWhatIsUsed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/operations/deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`redis\.call\('([A-Z]+)'|\bB\(\)\.([A-Z][a-z]+)\(\)`)
	keys := regexp.MustCompile(`"((?:session|login|limit|lease)[a-z]*:)`)
	files := 0
	err = filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		source := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".lua")
		if err != nil || entry.IsDir() || !source || strings.Contains(path, "/dev/") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), "rueidis") && !strings.HasSuffix(path, ".lua") {
			return err
		}
		files++
		for _, match := range calls.FindAllStringSubmatch(string(content), -1) {
			if name := strings.ToLower(match[1] + match[2]); name != "arbitrary" && !strings.Contains(string(text)+" ", " +"+name+" ") {
				t.Errorf("%s: the documented rule does not permit %s", path, name)
			}
		}
		for _, match := range keys.FindAllStringSubmatch(string(content), -1) {
			if !strings.Contains(string(text), " ~"+match[1]+"* ") {
				t.Errorf("%s: the documented rule does not permit the keys %s*", path, match[1])
			}
		}
		return nil
	})
	if err != nil || files < 8 {
		t.Errorf("read %d files (error %v), want at least 8", files, err)
	}
}

// TestSentinelWithCredentials uses other credentials for the Sentinel than for the server.
func TestSentinelWithCredentials(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"a password":          "sentinel_password=watch",
		"a user and password": "sentinel_username=watcher&sentinel_password=other",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary, _ := listen(t, "--requirepass", "data")
			sentinel := startSentinel(t, primary, "sentinel auth-pass main data", "requirepass watch",
				"user watcher on >other ~* &* +@all")
			r := open(t, "redis://:data@127.0.0.1:"+sentinel+"?master_set=main&"+query, redis.Options{Timeout: longTimeout})
			redistest.Eventually(t, failover, "up", func() bool { return r.Up(t.Context()) == nil })
			if port, err := portOf(t.Context(), r); err != nil || port != primary {
				t.Errorf("connected to port %s (%v), want the primary at %s", port, err, primary)
			}
		})
	}
}
