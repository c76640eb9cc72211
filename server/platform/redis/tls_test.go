package redis_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	pair := certified.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	port := freePort(t)
	redistest.Run(t, "tcp", net.JoinHostPort("127.0.0.1", port),
		"--port", "0", "--tls-port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir,
		"--tls-cert-file", write("cert", "CERTIFICATE", pair.Certificate[0]),
		"--tls-key-file", write("key", "PRIVATE KEY", key), "--tls-auth-clients", "no")

	trusting := open(t, "rediss://127.0.0.1:"+port+"?skip_verify", redis.Options{Timeout: longTimeout})
	awaitUp(t, trusting)

	tests := []struct{ name, url, reason string }{
		{"unknown authority", "rediss://127.0.0.1:" + port, "certificate"},
		{"without TLS", "redis://127.0.0.1:" + port, "connect to redis"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logged := make(lines, 8)
			log := slog.New(slog.NewTextHandler(logged, nil))
			r, err := redis.Open(t.Context(), test.url, log, redis.Options{Timeout: longTimeout})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(r.Close)
			if line := logged.next(t); !strings.Contains(line, "redis is down") || !strings.Contains(line, test.reason) {
				t.Errorf("logged %q, want down because of %q", line, test.reason)
			}
			if err := r.Up(t.Context()); !errors.Is(err, redis.ErrDown) {
				t.Errorf("got %v, want ErrDown", err)
			}
		})
	}
}

// lines receives the lines of a log.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func (l lines) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l:
		return line
	case <-time.After(longWait):
		t.Fatal("nothing was logged")
		return ""
	}
}
