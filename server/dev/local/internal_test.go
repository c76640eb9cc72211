package local

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

func TestParseMajor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		output string
		want   int
	}{
		"Debian":          {"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15},
		"older version":   {"postgres (PostgreSQL) 9.6.24\n", 9},
		"beta":            {"postgres (PostgreSQL) 18beta1\n", 0},
		"next version":    {"postgres (PostgreSQL) 19\n", 19},
		"Redis":           {"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae\n", 7},
		"Valkey":          {"Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae\n", 8},
		"another program": {"psql (PostgreSQL) 15.18", 0},
		"no version":      {"postgres (PostgreSQL) ", 0},
		"empty":           {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := parseMajor(c.output); got != c.want {
				t.Errorf("parseMajor(%q) = %d, want %d", c.output, got, c.want)
			}
		})
	}
}

func FuzzParseMajor(f *testing.F) {
	f.Add("postgres (PostgreSQL) 17.5")
	f.Add("Redis server v=99999999999999999999.1")
	f.Fuzz(func(t *testing.T, output string) {
		if major := parseMajor(output); major < 0 || major > 9999 {
			t.Errorf("parseMajor(%q) = %d, want 0 to 9999", output, major)
		}
	})
}

func TestChoose(t *testing.T) {
	t.Parallel()
	in15, in17 := installation{dir: "a", major: 15}, installation{dir: "b", major: 17}
	for name, c := range map[string]struct {
		found   []installation
		major   int
		want    installation
		problem string
	}{
		"no data":                   {found: []installation{in17, in15}, want: in17},
		"first one without data":    {found: []installation{in15, in17}, want: in15},
		"data of an older version":  {found: []installation{in17, in15}, major: 15, want: in15},
		"data of a missing version": {found: []installation{in17}, major: 15, problem: "by PostgreSQL 15, but only 17"},
		"none installed":            {problem: "install PostgreSQL"},
		"none installed for data":   {major: 15, problem: "install PostgreSQL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(c.found, c.major)
			if (err != nil) != (c.problem != "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Fatalf("got error %v, want %q", err, c.problem)
			}
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestFitsSocket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path string
		want bool
	}{
		"short":          {"/var/tmp/interviewer/postgres/run/.s.PGSQL.5432", true},
		"longest":        {"/" + strings.Repeat("x", longestSocket-1), true},
		"too long":       {"/" + strings.Repeat("x", longestSocket), false},
		"comma":          {"/tmp/a,b/redis.sock", false},
		"quotation mark": {`/tmp/a"b/redis.sock`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := fitsSocket(c.path); got != c.want {
				t.Errorf("fitsSocket(%q) = %t, want %t", c.path, got, c.want)
			}
		})
	}
}

func TestEnvironmentRemovesPostgresAndLocaleVariables(t *testing.T) {
	t.Parallel()
	got := environment([]string{"PATH=/bin", "PGPORT=1", "LANG=de_DE.UTF-8", "LC_MESSAGES=de_DE", "HOME=/x"})
	if want := []string{"PATH=/bin", "HOME=/x", "LC_ALL=C"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestServerURL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ raw, want string }{
		"host and port": {"postgres://u@localhost:5433/some?sslmode=disable", "postgres://u@localhost:5433/other?sslmode=disable"},
		"no database":   {"postgresql://u@localhost", "postgresql://u@localhost/other"},
		"socket":        {"postgres://u@/some?host=%2Frun%2Fa+b", "postgres://u@/other?host=%2Frun%2Fa+b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := ParseServer(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if got := server.URL("other"); got != c.want {
				t.Errorf("URL of %q: got %q, want %q", c.raw, got, c.want)
			}
		})
	}
	for _, raw := range []string{"", "mysql://localhost/x", "postgres://%zz", "host=/tmp"} {
		if _, err := ParseServer(raw); err == nil {
			t.Errorf("ParseServer(%q): got no error, want one", raw)
		}
	}
}

func TestInProcessRedisExpiresKeys(t *testing.T) {
	t.Parallel()
	r, err := startInProcessRedis()
	if err != nil {
		t.Fatal(err)
	}
	if !r.InProcess() {
		t.Error("InProcess() = false, want true")
	}
	option, err := rueidis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	set := client.B().Set().Key("k").Value("v").Px(200 * time.Millisecond).Build()
	if err := client.Do(t.Context(), set).Error(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = poll(ctx, func() (bool, error) {
		err := client.DoCache(ctx, client.B().Get().Key("k").Cache(), time.Minute).Error()
		if rueidis.IsRedisNil(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		t.Errorf("wait until the key expires: %v", err)
	}
	for range 2 {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	}
}
