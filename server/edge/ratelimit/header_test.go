package ratelimit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy     ratelimit.Policy
		quota      ratelimit.Quota
		wantPolicy string
		wantState  string
	}{
		"usual": {
			ratelimit.Policy{Name: "default", Limit: 600, Window: time.Minute},
			ratelimit.Quota{Remaining: 599, Reset: 30 * time.Second},
			`"default";q=600;w=60`, `"default";r=599;t=30`,
		},
		"reset rounded up to a second": {
			ratelimit.Policy{Name: "login", Limit: 1, Window: time.Second},
			ratelimit.Quota{Remaining: 0, Reset: time.Microsecond},
			`"login";q=1;w=1`, `"login";r=0;t=1`,
		},
		"full quota": {
			ratelimit.Policy{Name: "d", Limit: 5000, Window: 24 * time.Hour, Burst: 100},
			ratelimit.Quota{Remaining: 100},
			`"d";q=5000;w=86400`, `"d";r=100;t=0`,
		},
		"escaped name": {
			ratelimit.Policy{Name: `say "hi\bye"`, Limit: 2, Window: time.Hour},
			ratelimit.Quota{Remaining: 1, Reset: 1800*time.Second + time.Nanosecond},
			`"say \"hi\\bye\"";q=2;w=3600`, `"say \"hi\\bye\"";r=1;t=1801`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.quota.Policy = test.policy
			decision := ratelimit.Decision{Quotas: []ratelimit.Quota{test.quota}}
			limiter := newLimiter(t, nil, test.policy)
			if got := limiter.PolicyHeader(); len(got) != 1 || got[0] != test.wantPolicy {
				t.Errorf("RateLimit-Policy: %s, want %s", got, test.wantPolicy)
			}
			if got := ratelimit.StateHeader(decision); got != test.wantState {
				t.Errorf("RateLimit: %s, want %s", got, test.wantState)
			}
		})
	}
}

// The headers of every policy that NewLimiter accepts can be parsed by the rules of RFC 8941.
func FuzzHeaders(f *testing.F) {
	f.Add("default", 600, 60, 599, int64(30*time.Second))
	f.Add(`"\`, 1, 1, 0, int64(1))
	f.Fuzz(func(t *testing.T, name string, limit, window, remaining int, reset int64) {
		policy := ratelimit.Policy{Name: name, Limit: limit, Window: time.Duration(window) * time.Second}
		limiter, err := ratelimit.NewLimiter(nil, time.Now, policy)
		if err != nil || remaining < 0 || reset < 0 {
			return
		}
		decision := ratelimit.Decision{Quotas: []ratelimit.Quota{
			{Policy: policy, Remaining: remaining % 1e15, Reset: time.Duration(reset)},
		}}
		for header, keys := range map[string]string{
			limiter.PolicyHeader()[0]:       "q w",
			ratelimit.StateHeader(decision): "r t",
		} {
			read, params, err := readItem(header)
			if err != nil || read != name || params != keys {
				t.Fatalf("%s reads as %q with %q, %v", header, read, params, err)
			}
		}
	})
}

var errSyntax = errors.New("not an RFC 8941 string with integer parameters")

// readItem parses an RFC 8941 string with integer parameters, and returns the string and the keys of the parameters.
func readItem(text string) (value, keys string, err error) {
	rest, ok := strings.CutPrefix(text, `"`)
	if !ok {
		return "", "", errSyntax
	}
	var read strings.Builder
	for {
		if rest == "" {
			return "", "", errSyntax
		}
		c := rest[0]
		rest = rest[1:]
		if c == '"' {
			break
		}
		if c == '\\' {
			if rest == "" || rest[0] != '"' && rest[0] != '\\' {
				return "", "", errSyntax
			}
			c, rest = rest[0], rest[1:]
		} else if c < 0x20 || c > 0x7e {
			return "", "", errSyntax
		}
		read.WriteByte(c)
	}
	var names []string
	for rest != "" {
		var parameter string
		if rest, ok = strings.CutPrefix(rest, ";"); !ok {
			return "", "", errSyntax
		}
		if end := strings.IndexByte(rest, ';'); end >= 0 {
			parameter, rest = rest[:end], rest[end:]
		} else {
			parameter, rest = rest, ""
		}
		key, digits, found := strings.Cut(parameter, "=")
		if !found || len(key) != 1 || key[0] < 'a' || key[0] > 'z' || !isInteger(digits) {
			return "", "", errSyntax
		}
		names = append(names, key)
	}
	return read.String(), strings.Join(names, " "), nil
}

// isInteger reports whether digits is a non-negative RFC 8941 integer, which has at most 15 digits.
func isInteger(digits string) bool {
	return len(digits) >= 1 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
