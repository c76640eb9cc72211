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

// postgresProxy forwards connections to PostgreSQL. A test can cut them, or stop forwarding while they stay open.
type postgresProxy struct {
	t                *testing.T
	network, address string

	mu    sync.Mutex
	open  bool
	hangs chan struct{} // closed when Hang ends; nil while bytes are forwarded
	conns map[net.Conn]bool
}

// newPostgresProxy starts a proxy. Replicas that the installation starts afterwards connect through it.
func newPostgresProxy(t *testing.T, i *testkit.Installation) *postgresProxy {
	t.Helper()
	to, err := pgx.ParseConfig(i.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	p := &postgresProxy{t: t, open: true, conns: map[net.Conn]bool{}}
	p.network, p.address = pgconn.NetworkAddress(to.Host, to.Port)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	i.Config.DatabaseURL = config.SecretURL(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable",
		to.User, to.Password, listener.Addr(), to.Database))
	return p
}

func (p *postgresProxy) serve(near net.Conn) {
	far, err := (&net.Dialer{}).DialContext(p.t.Context(), p.network, p.address)
	if err != nil || !p.keep(near, far) {
		_ = near.Close()
		return
	}
	go p.forward(far, near)
	p.forward(near, far)
}

// keep registers connections. It closes them and reports false if the proxy is cut.
func (p *postgresProxy) keep(ends ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, end := range ends {
		if !p.open {
			_ = end.Close()
			continue
		}
		p.conns[end] = true
	}
	return p.open
}

// forward copies bytes from one connection to the other, and waits while the proxy hangs.
func (p *postgresProxy) forward(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		hangs := p.hangs
		p.mu.Unlock()
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

// Cut closes every connection and refuses new ones.
func (p *postgresProxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = false
	if p.hangs != nil {
		close(p.hangs)
		p.hangs = nil
	}
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

// Hang stops forwarding. Connections stay open.
func (p *postgresProxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hangs = make(chan struct{})
}

// Restore accepts connections again. Connections that hung are closed, as after a restart of the server.
func (p *postgresProxy) Restore() {
	p.Cut()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = true
}
