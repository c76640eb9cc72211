// Package smtptest runs an SMTP server for tests in their process. It requires STARTTLS, and a user with a password.
package smtptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The user that the server accepts.
const (
	User     = "interviewer"
	Password = "a password with / and @"
)

// ErrLost is returned by Options.Data to close the connection instead of a reply.
var ErrLost = errors.New("the connection is lost")

// Server is an SMTP server.
type Server struct {
	// URL is the value of SMTP_URL. Roots verifies the server's certificate.
	URL string

	mu        sync.Mutex
	received  []Mail
	recipient func(attempt int, to string) error
	data      func(attempt int) error
	attempts  int
	sessions  int
}

// Mail is a message that the server has accepted.
type Mail struct {
	From, To   string
	Header     mail.Header
	Text, HTML string
}

// Options change what a server does.
type Options struct {
	// NoTLS is a server without STARTTLS, and TLS one that begins with TLS.
	NoTLS, TLS bool
	// Anonymous accepts messages of clients that have not authenticated.
	Anonymous bool
	// Recipient and Data answer an attempt to send a message, the first of which is 1: before and after its content. nil
	// accepts it.
	Recipient func(attempt int, to string) error
	Data      func(attempt int) error
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	c, err := certify()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{recipient: o.Recipient, data: o.Data}
	address := url.URL{Scheme: "smtp", User: url.UserPassword(User, Password), Host: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		return &session{server: s, conn: conn, authenticated: o.Anonymous}, nil
	}))
	server.Domain, server.AllowInsecureAuth = "localhost", o.NoTLS
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	settings := &tls.Config{Certificates: []tls.Certificate{c.certificate}, MinVersion: tls.VersionTLS12}
	switch {
	case o.TLS:
		address.Scheme, listener = "smtps", tls.NewListener(listener, settings)
	case !o.NoTLS:
		server.TLSConfig = settings
	}
	s.URL = address.String()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // it ends with an error when it is closed
	}()
	t.Cleanup(func() {
		_ = listener.Close() // the server does not know it if it has not begun to serve
		_ = server.Close()
		<-ended
	})
	return s
}

// Mails returns the messages that the server has accepted, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.received...)
}

// Attempts returns how many messages clients have begun to send.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// Sessions returns how often clients have connected.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// session is a connection. It implements smtp.AuthSession.
type session struct {
	server        *Server
	conn          *smtp.Conn
	authenticated bool
	attempt       int
	from, to      string
}

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return smtp.ErrAuthFailed
		}
		c.authenticated = true
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if !c.authenticated {
		return smtp.ErrAuthRequired
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.attempts++
	c.attempt, c.from = c.server.attempts, from
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = to
	if c.server.recipient == nil {
		return nil
	}
	return c.server.recipient(c.attempt, to)
}

func (c *session) Data(content io.Reader) error {
	m, err := read(content)
	if err != nil {
		return err
	}
	if c.server.data != nil {
		err := c.server.data(c.attempt)
		if errors.Is(err, ErrLost) {
			_ = c.conn.Conn().Close()
		}
		if err != nil {
			return err
		}
	}
	m.From, m.To = c.from, c.to
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.received = append(c.server.received, m)
	return nil
}

func (c *session) Reset()        {}
func (c *session) Logout() error { return nil }

// read parses a message with the parts text and HTML.
func read(content io.Reader) (m Mail, err error) {
	message, err := mail.ReadMessage(content)
	if err != nil {
		return m, err
	}
	m.Header = message.Header
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(quotedprintable.NewReader(part)); err != nil {
			return m, err
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/html" {
			m.HTML = text.String()
		} else {
			m.Text = text.String()
		}
	}
}

// issued is the certificate of all servers of the process.
type issued struct {
	certificate tls.Certificate
	roots       *x509.CertPool
}

// Roots returns the pool that verifies the certificates of all servers of this process.
func Roots(t testing.TB) *x509.CertPool {
	t.Helper()
	c, err := certify()
	if err != nil {
		t.Fatal(err)
	}
	return c.roots
}

// certify returns a certificate for 127.0.0.1.
var certify = sync.OnceValues(func() (issued, error) { //nolint:gochecknoglobals // one certificate for all tests
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issued{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return issued{}, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return issued{}, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return issued{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots}, nil
})
