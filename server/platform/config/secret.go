package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
)

const redacted = "[redacted]"

// Secret is a text that is not printed: fmt with any verb, slog and encoding/json write "[redacted]", or nothing if it
// is empty.
type Secret string

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

// String returns "[redacted]", or nothing for an empty text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format redacts the text for every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText redacts the text for encoders, including those of slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretURL is a URL that is printed without its password and query.
type SecretURL string

// Reveal returns the URL.
func (u SecretURL) Reveal() string { return string(u) }

// String returns the result of RedactURL.
func (u SecretURL) String() string { return RedactURL(string(u)) }

// Format redacts the URL for every verb of package fmt.
func (u SecretURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText redacts the URL for encoders, including those of slog.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// RedactURL replaces the password and the query of a URL. A value that is not a valid, unambiguous URL is replaced
// completely, because a password that is not percent-encoded can end up in any part of it.
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

// ambiguous reports whether parts of a password may be outside of the user information: a "/", "?" or "#" that is not
// percent-encoded ends the authority early and leaves an "@" behind it.
func ambiguous(u *url.URL) bool {
	return u.Scheme == "" || u.Opaque != "" || u.Fragment != "" ||
		strings.Contains(u.Path, "@") || strings.Contains(u.RawQuery, "@")
}
