package base

import (
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// Proxies are the networks of the proxies whose forwarding headers are trusted.
type Proxies []netip.Prefix

// client is where a request came from and what it was sent to, as the client sees it.
type client struct {
	// address is the client's address; invalid if the connection has none.
	address netip.Addr
	// https says that the client uses TLS.
	https bool
	// host is the name of the server with its port, if it has one; empty if it is not valid.
	host string
}

// hostForm is what a Host header must look like to be repeated in a URL.
var hostForm = regexp.MustCompile(`^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$`)

// read returns the client of a request. X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host count only as far as
// trusted proxies wrote them. The header Forwarded (RFC 7239) is ignored: a proxy that does not know it passes on what
// the client sent.
func (p Proxies) read(r *http.Request) client {
	address := entryAddress(r.RemoteAddr)
	c := client{address: address, https: r.TLS != nil, host: r.Host}
	hops := 0
	for entries := list(r.Header, "X-Forwarded-For"); p.trusts(address); {
		hops++
		if len(entries) == 0 {
			break
		}
		address = entryAddress(entries[len(entries)-1])
		if !address.IsValid() {
			break // the proxy is the last one whose address is known
		}
		c.address, entries = address, entries[:len(entries)-1]
	}
	if proto := outermost(list(r.Header, "X-Forwarded-Proto"), hops); proto != "" {
		c.https = strings.EqualFold(proto, "https")
	}
	if host := outermost(list(r.Header, "X-Forwarded-Host"), hops); host != "" {
		c.host = host
	}
	if !hostForm.MatchString(c.host) {
		c.host = ""
	}
	return c
}

func (p Proxies) trusts(address netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// list returns the entries of a header that is a list, in order, over all of its lines.
func list(header http.Header, name string) []string {
	var entries []string
	for _, line := range header.Values(name) {
		for entry := range strings.SplitSeq(line, ",") {
			entries = append(entries, strings.TrimSpace(entry))
		}
	}
	return entries
}

// outermost returns the entry that the outermost of the trusted proxies wrote. Each proxy appends one entry or replaces
// all of them; the entries before these are the client's own.
func outermost(entries []string, hops int) string {
	if hops == 0 || len(entries) == 0 {
		return ""
	}
	return entries[max(0, len(entries)-hops)]
}

// entryAddress returns the address of an entry of X-Forwarded-For, or of a connection. The entry may have a port, an
// IPv6 address may be in brackets, and both may be in quotes. The result is invalid if there is no address.
func entryAddress(entry string) netip.Addr {
	entry = strings.Trim(entry, `"`)
	if host, _, err := net.SplitHostPort(entry); err == nil {
		entry = host
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}
