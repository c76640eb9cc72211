package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
)

const redacted = "[redacted]"

// Secret is a text that no way of printing shows: fmt with any verb, slog and encoding/json all give "[redacted]", or
// nothing where it is empty.
type Secret string

// Reveal gives the text itself, for the code that needs it.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format hides the text from every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the text from encoders, that of slog included.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretURL is a URL that prints without what is secret in it.
type SecretURL string

// Reveal gives the URL itself, for the code that connects to it.
func (u SecretURL) Reveal() string { return string(u) }

// String gives the URL as RedactURL does.
func (u SecretURL) String() string { return RedactURL(string(u)) }

// Format hides what is secret from every verb of package fmt.
func (u SecretURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText hides what is secret from encoders, that of slog included.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// RedactURL gives a URL that may be shown: the password and the query are replaced. What cannot be read as a URL beyond
// doubt is hidden whole, since a password that nobody escaped can end up in any part of it.
func RedactURL(raw string) string {
	if raw == "" {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || ambiguous(u) {
		return redacted
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "redacted")
	}
	if u.RawQuery != "" {
		u.RawQuery = "redacted"
	}
	return u.String()
}

// ambiguous reports whether parts of a password may stand outside the user information: an unescaped "/", "?" or "#"
// ends the authority early and leaves an "@" behind it.
func ambiguous(u *url.URL) bool {
	return u.Scheme == "" || u.Opaque != "" || u.Fragment != "" ||
		strings.Contains(u.Path, "@") || strings.Contains(u.RawQuery, "@")
}
