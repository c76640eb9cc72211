// Package smtp hands messages over to an SMTP server (RFC 5321) and says what became of them: accepted, refused for
// now, refused for good, or nobody knows. No error contains an address of a recipient or a password.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// timeout limits the connection to a server, and then the delivery of a message.
const timeout = 30 * time.Second

// The schemes of URLs, and their ports if the URL has none.
const (
	schemeSTARTTLS, portSTARTTLS = "smtp", 587
	schemeTLS, portTLS           = "smtps", 465
)

// Options describe a server and the sender of messages.
type Options struct {
	// URL is smtp://user:password@host:port, which requires STARTTLS, or smtps://, which begins with TLS. Without a user,
	// the client does not authenticate.
	URL string
	// From is the sender: an address, or a name with an address in angle brackets.
	From string
	// Roots are the authorities that the server's certificate is verified with; nil for those of the system.
	Roots *x509.CertPool
	// Plain permits a server without STARTTLS, for development.
	Plain bool
}

// Server is an SMTP server. It is safe for concurrent use.
type Server struct {
	host    string
	port    int
	from    *netmail.Address
	options []gomail.Option
}

// New returns a server. It does not connect. It fails if the URL or the sender is malformed; the error does not contain
// the URL.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("the URL of the SMTP server is malformed")
	}
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("the sender of mails is malformed: %w", err)
	}
	s := &Server{host: u.Hostname(), from: from}
	s.options = []gomail.Option{
		gomail.WithTimeout(timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch {
	case u.Scheme == schemeTLS:
		s.port, s.options = portTLS, append(s.options, gomail.WithSSL())
	case u.Scheme == schemeSTARTTLS && o.Plain:
		s.port, s.options = portSTARTTLS, append(s.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case u.Scheme == schemeSTARTTLS:
		s.port, s.options = portSTARTTLS, append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		return nil, errors.New("the URL of the SMTP server must begin with smtp:// or smtps://")
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errors.New("the port of the SMTP server is malformed")
		}
	}
	if user := u.User.Username(); user != "" {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(user), gomail.WithPassword(password))
	}
	s.options = append(s.options, gomail.WithPort(s.port))
	return s, nil
}

// Address returns the host and the port, for people.
func (s *Server) Address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// Domain returns the domain of the sender's address.
func (s *Server) Domain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

// Conn is a connection on which one message can be sent. It must be closed.
type Conn struct {
	server *Server
	client *gomail.Client
	conn   *gosmtp.Client
}

// Connect connects, negotiates TLS and authenticates. After an error no message was sent.
func (s *Server) Connect(ctx context.Context) (*Conn, error) {
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to the SMTP server: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to the SMTP server %s: %w", s.Address(), err)
	}
	return &Conn{s, client, conn}, nil
}

// Check connects, negotiates TLS, authenticates and disconnects. It sends no message.
func (s *Server) Check(ctx context.Context) error {
	conn, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	conn.Close()
	return nil
}

// Close ends the connection. What was sent before is not affected by an error, so there is none.
func (c *Conn) Close() { _ = c.client.CloseWithSMTPClient(c.conn) }

// Message is a message to one recipient, as text and as HTML.
type Message struct {
	// ID identifies the message: two deliveries with the same ID are the same message. It has no @ and no domain.
	ID   string
	Date time.Time
	// Name and Address are the recipient's.
	Name, Address string
	// Language is that of the content (RFC 5646).
	Language            string
	Subject, Text, HTML string
}

// Send hands over a message. It returns nil if the server has accepted it.
func (c *Conn) Send(m Message) *Refusal {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.SetMessageIDWithValue(m.ID + "@" + c.server.Domain())
	message.SetDateWithValue(m.Date)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader(gomail.HeaderContentLang, m.Language)
	message.FromMailAddress(c.server.from)
	message.ToMailAddress(&netmail.Address{Name: m.Name, Address: m.Address})
	message.Subject(m.Subject)
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	err := c.client.SendWithSMTPClient(c.conn, message)
	if err == nil || message.IsDelivered() { // an error after the delivery is about the next message
		return nil
	}
	return refusalOf(err)
}

// Refusal is the error of a delivery.
type Refusal struct {
	// Code is the code of the server's reply; 0 if it did not reply.
	Code int
	// Permanent means that the server will refuse the message again.
	Permanent bool
	// Unknown means that the connection failed after the message was sent completely, before the reply. The server may
	// have accepted it.
	Unknown bool
	doing   string
}

// Error says what was refused, without an address.
func (r *Refusal) Error() string {
	if r.Code != 0 {
		return fmt.Sprintf("%s: the SMTP server replied %d", r.doing, r.Code)
	}
	return r.doing + ": the connection to the SMTP server failed"
}

// refusalOf reads an error of the library, whose text contains the recipient.
func refusalOf(err error) *Refusal {
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return &Refusal{doing: "sending a message"}
	}
	const firstPermanent = 500
	r := &Refusal{Code: refused.ErrorCode(), doing: refused.Reason.String()}
	r.Permanent = r.Code >= firstPermanent
	r.Unknown = r.Code == 0 && refused.Reason == gomail.ErrSMTPDataClose
	return r
}
