package server_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// way is the way to PostgreSQL, which a test can cut, or fill so that nothing comes through.
type way struct {
	t                *testing.T
	network, address string

	mu    sync.Mutex
	open  bool
	hangs chan struct{} // closed when what hangs is let go; nil while nothing hangs
	conns map[net.Conn]bool
}

// newWay leads the installation's next replicas to PostgreSQL over itself.
func newWay(t *testing.T, i *testkit.Installation) *way {
	t.Helper()
	to, err := pgx.ParseConfig(i.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	w := &way{t: t, open: true, conns: map[net.Conn]bool{}}
	w.network, w.address = pgconn.NetworkAddress(to.Host, to.Port)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listener.Close()
		w.Cut()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go w.serve(conn)
		}
	}()
	i.Config.DatabaseURL = config.SecretURL(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable",
		to.User, to.Password, listener.Addr(), to.Database))
	return w
}

func (w *way) serve(near net.Conn) {
	far, err := (&net.Dialer{}).DialContext(w.t.Context(), w.network, w.address)
	if err != nil || !w.keep(near, far) {
		_ = near.Close()
		return
	}
	go w.carry(far, near)
	w.carry(near, far)
}

// keep remembers two ends, unless the way is cut.
func (w *way) keep(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range ends {
		if !w.open {
			_ = end.Close()
			continue
		}
		w.conns[end] = true
	}
	return w.open
}

// carry moves what one end sends to the other, as long as nothing stands in the way.
func (w *way) carry(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		hangs := w.hangs
		w.mu.Unlock()
		if hangs != nil {
			<-hangs
		}
		if n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// Cut closes the way, and every connection on it.
func (w *way) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = false
	if w.hangs != nil {
		close(w.hangs)
		w.hangs = nil
	}
	for conn := range w.conns {
		_ = conn.Close()
	}
	clear(w.conns)
}

// Hang lets nothing through any more, while everything stays connected.
func (w *way) Hang() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hangs = make(chan struct{})
}

// Restore opens the way again. What hung is cut, as by a server that was started anew.
func (w *way) Restore() {
	w.Cut()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = true
}
