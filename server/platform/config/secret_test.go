package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ raw, want string }{
		{"", ""},
		{"postgres://app:hunter2@db:5432/x", "postgres://app:redacted@db:5432/x"},
		{"postgres://app@db/x", "postgres://app@db/x"},
		{"postgres://db/x?password=hunter2&sslmode=require", "postgres://db/x?redacted"},
		{"redis://:hunter2@cache:6379/0", "redis://:redacted@cache:6379/0"},
		{"unix:///run/redis.sock", "unix:///run/redis.sock"},
		{"host=db password=hunter2", "[redacted]"},
		{"postgres://app:hun/ter2@db/x", "[redacted]"},
		{"postgres://app:12/ter2@db/x", "[redacted]"},
		{"postgres://app:12#ter2@db/x", "[redacted]"},
		{"postgres://app:12?ter2@db/x", "[redacted]"},
		{"postgres:app:hunter2@db", "[redacted]"},
		{"://", "[redacted]"},
	} {
		t.Run(one.raw, func(t *testing.T) {
			t.Parallel()
			if got := config.RedactURL(one.raw); got != one.want {
				t.Errorf("RedactURL(%q): got %q, want %q", one.raw, got, one.want)
			}
		})
	}
}

// FuzzRedactURL tries passwords, percent-encoded and not, at the two places where a URL may have one.
func FuzzRedactURL(f *testing.F) {
	for _, password := range []string{"hunter2", "p@ss/wo#rd?", "12/34@", "%41%42", "\x00", "a b", "::1]"} {
		f.Add(password)
	}
	f.Fuzz(func(t *testing.T, password string) {
		secret := "qZxJ7" + password + "vWkQ3"
		for _, raw := range []string{
			"postgres://app:" + secret + "@db/x",
			"postgres://app:1" + secret + "@db:5432/x?sslmode=require",
			"postgres://db/x?password=" + secret,
			(&url.URL{Scheme: "redis", User: url.UserPassword("app", secret), Host: "cache"}).String(),
			(&url.URL{Scheme: "redis", Host: "cache", RawQuery: "password=" + url.QueryEscape(secret)}).String(),
		} {
			if got := config.RedactURL(raw); strings.Contains(got, "qZxJ7") || strings.Contains(got, "vWkQ3") {
				t.Errorf("RedactURL(%q) contains the password: %q", raw, got)
			}
		}
	})
}

// TestNothingPrintsSecrets prints a configuration with every verb, encoder and handler.
func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, []string{
		"SECRET_KEY=" + goodKey, `SECRET_KEYS_PREVIOUS=["` + goodKey + `2"]`, "METRICS_TOKEN=" + goodKey,
		"DATABASE_URL=postgres://app:" + url.QueryEscape(goodKey) + "@db/interviewer",
		"MIGRATION_DATABASE_URL=postgres://owner@db/interviewer?password=" + url.QueryEscape(goodKey),
		"REDIS_URL=redis://:" + url.QueryEscape(goodKey) + "@cache",
	}, "")
	printed := map[string]string{"String": c.String(), "value": fmt.Sprint(*c)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		printed["value "+verb] = fmt.Sprintf(verb, *c)
		printed["pointer "+verb] = fmt.Sprintf(verb, c)
		printed["key "+verb] = fmt.Sprintf(verb, c.SecretKey)
		printed["database "+verb] = fmt.Sprintf(verb, c.DatabaseURL)
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed["json"] = string(encoded)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("starting",
			slog.Any("config", c), slog.Any("copy", *c), slog.Any("key", c.SecretKey), slog.Any("url", c.DatabaseURL))
		printed[name] = b.String()
	}
	for how, text := range printed {
		if strings.Contains(text, goodKey[:12]) || strings.Contains(text, fmt.Sprintf("%x", goodKey[:12])) {
			t.Errorf("%s contains a secret: %s", how, text)
		}
	}
	for _, want := range []string{
		"DATABASE_URL=postgres://app:redacted@db/interviewer\n", "PORT=8000\n", "SECRET_KEY=[redacted]\n",
	} {
		if !strings.Contains(c.String(), want) {
			t.Errorf("String does not contain %q:\n%s", want, c)
		}
	}
	if !strings.Contains(printed["slog json"], `"PORT":8000`) {
		t.Errorf("the log does not contain the port: %s", printed["slog json"])
	}
	if c.SecretKey.Reveal() != goodKey || !strings.HasPrefix(c.RedisURL.Reveal(), "redis://:Zk3v") {
		t.Error("Reveal does not return the value")
	}
}
