package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// The client of the load test. The machine is shared with the servers, so what a client costs is part of what is
// measured: with the client of net/http a small request takes twice as long. This client writes requests that are
// complete, one at a time on each connection, and reads as much of a response as it needs.

// Why an exchange fails. A connection on which one has failed is closed; the next exchange opens another.
var (
	errConnect   = errors.New("no connection")
	errClosed    = errors.New("closed before the response")
	errCut       = errors.New("response cut off")
	errTimeout   = errors.New("timeout")
	errMalformed = errors.New("malformed response")
)

const (
	// longestLine is the maximum length of a line of a response's head, in bytes.
	longestLine = 16 << 10
	// mostHeaders is the maximum number of headers, and of trailers, of a response.
	mostHeaders = 256
)

// connection is a connection that is kept alive, with at most one request at a time. It opens when it is needed.
type connection struct {
	address string // host and port
	now     func() time.Time

	tcp  net.Conn
	in   *bufio.Reader
	body bytes.Buffer
}

// response is the response to a request. Its body is that of the last exchange of the connection.
type response struct {
	status int
	// size is the length of the body in bytes, without the framing of chunks.
	size int64
	// body is nil unless the exchange has kept it.
	body []byte
	// last reports that the server closes the connection.
	last bool
}

// open opens the connection unless it is open.
func (c *connection) open(ctx context.Context, deadline time.Time) error {
	if c.tcp != nil {
		return nil
	}
	tcp, err := (&net.Dialer{Deadline: deadline}).DialContext(ctx, "tcp", c.address)
	if err != nil {
		return fmt.Errorf("%w: %w", errConnect, err)
	}
	c.tcp = tcp
	if c.in == nil {
		c.in = bufio.NewReaderSize(tcp, longestLine)
	}
	c.in.Reset(tcp)
	return nil
}

// close closes the connection; the next exchange opens it again.
func (c *connection) close() {
	if c.tcp != nil {
		_ = c.tcp.Close() // nothing is lost that was not read
		c.tcp = nil
	}
}

// exchange sends a complete HTTP/1.1 request, whose method is not HEAD, and reads the response up to its end. It keeps
// the body if keep is set, otherwise it counts it. It never sends a request twice.
func (c *connection) exchange(
	ctx context.Context, request []byte, timeout time.Duration, keep bool,
) (response, error) {
	return c.stream(ctx, bytes.NewReader(request), timeout, keep)
}

// stream is exchange for a request that is read while it is sent.
func (c *connection) stream(
	ctx context.Context, request io.WriterTo, timeout time.Duration, keep bool,
) (response, error) {
	deadline := c.now().Add(timeout)
	if err := c.open(ctx, deadline); err != nil {
		return response{}, timeoutOr(err)
	}
	if err := c.tcp.SetDeadline(deadline); err != nil {
		c.close()
		return response{}, fmt.Errorf("%w: %w", errConnect, err)
	}
	// A server may refuse a request, and close, before it has read all of it; then the response says why.
	_, sending := request.WriteTo(c.tcp)
	got, err := c.read(keep)
	if err != nil && sending != nil {
		err = fmt.Errorf("%w: %w", errClosed, sending)
	}
	if err != nil || got.last || sending != nil {
		c.close()
	}
	return got, timeoutOr(err)
}

// timeoutOr returns errTimeout for an error that is one.
func timeoutOr(err error) error {
	var timed net.Error
	if errors.As(err, &timed) && timed.Timeout() {
		return fmt.Errorf("%w: %w", errTimeout, err)
	}
	return err
}

// read reads a response; informational ones are skipped.
func (c *connection) read(keep bool) (response, error) {
	if _, err := c.in.Peek(1); err != nil {
		return response{}, fmt.Errorf("%w: %w", errClosed, err)
	}
	for {
		head, err := c.head()
		if err != nil {
			return response{}, cut(err)
		}
		if head.status < 200 && head.status != 101 {
			continue
		}
		return c.content(head, keep)
	}
}

// cut returns errCut for an error of the connection.
func cut(err error) error {
	if errors.Is(err, errMalformed) {
		return err
	}
	return fmt.Errorf("%w: %w", errCut, err)
}

// head is the head of a response as far as it frames the body.
type head struct {
	status  int
	length  int64 // -1 if there is no Content-Length
	chunked bool
	last    bool
}

func (c *connection) head() (head, error) {
	h := head{length: -1}
	line, err := c.line()
	if err != nil {
		return h, err
	}
	version, rest, _ := bytes.Cut(line, []byte(" "))
	if len(rest) < 3 || !bytes.HasPrefix(version, []byte("HTTP/1.")) {
		return h, fmt.Errorf("%w: status line %.40q", errMalformed, line)
	}
	if h.status, err = strconv.Atoi(string(rest[:3])); err != nil || h.status < 100 || h.status > 999 {
		return h, fmt.Errorf("%w: status line %.40q", errMalformed, line)
	}
	h.last = string(version) == "HTTP/1.0"
	for range mostHeaders {
		if line, err = c.line(); err != nil || len(line) == 0 {
			return h, err
		}
		if err := h.header(line); err != nil {
			return h, err
		}
	}
	return h, fmt.Errorf("%w: more than %d headers", errMalformed, mostHeaders)
}

// header evaluates a header that frames the body. Others cost a comparison of a byte.
func (h *head) header(line []byte) error {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) == 0 {
		return fmt.Errorf("%w: header %.40q", errMalformed, line)
	}
	if name[0]|0x20 != 'c' && name[0]|0x20 != 't' {
		return nil
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		length, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || length < 0 || h.length >= 0 && h.length != length {
			return fmt.Errorf("%w: Content-Length %.40q", errMalformed, value)
		}
		h.length = length
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if !bytes.EqualFold(value, []byte("chunked")) {
			return fmt.Errorf("%w: Transfer-Encoding %.40q", errMalformed, value)
		}
		h.chunked = true
	case bytes.EqualFold(name, []byte("Connection")):
		for token := range strings.SplitSeq(strings.ToLower(string(value)), ",") {
			switch strings.TrimSpace(token) {
			case "close":
				h.last = true
			case "keep-alive":
				h.last = false
			}
		}
	}
	return nil
}

// line reads a line and returns it without its end. It is valid until the next read.
func (c *connection) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("%w: a line is longer than %d bytes", errMalformed, longestLine)
	}
	if err != nil {
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// content reads the body that follows a head.
func (c *connection) content(h head, keep bool) (got response, err error) {
	got = response{status: h.status, last: h.last}
	into := io.Discard
	if keep {
		c.body.Reset()
		into = &c.body
	}
	switch {
	case h.status == 204 || h.status == 304:
	case h.chunked:
		got.size, err = c.chunks(into)
	case h.length >= 0:
		got.size, err = c.copy(into, h.length)
	default: // up to the end of the connection
		got.last = true
		got.size, err = io.Copy(into, c.in)
	}
	if keep {
		got.body = c.body.Bytes()
	}
	if err != nil {
		return got, cut(err)
	}
	return got, nil
}

func (c *connection) chunks(into io.Writer) (size int64, err error) {
	for {
		line, err := c.line()
		if err != nil {
			return size, err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		length, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 64)
		if err != nil || length < 0 {
			return size, fmt.Errorf("%w: size of a chunk %.40q", errMalformed, line)
		}
		if length == 0 {
			return size, c.trailers()
		}
		n, err := c.copy(into, length)
		if size += n; err != nil {
			return size, err
		}
		if end, err := c.line(); err != nil || len(end) > 0 {
			return size, errors.Join(err, fmt.Errorf("%w: no line ends a chunk", errMalformed))
		}
	}
}

func (c *connection) trailers() error {
	for range mostHeaders {
		if line, err := c.line(); err != nil || len(line) == 0 {
			return err
		}
	}
	return fmt.Errorf("%w: more than %d trailers", errMalformed, mostHeaders)
}

// copy copies the given number of bytes. Those that are only counted are not copied out of the buffer.
func (c *connection) copy(into io.Writer, length int64) (int64, error) {
	if into != io.Discard || length > longestLine {
		return io.CopyN(into, c.in, length)
	}
	n, err := c.in.Discard(int(length))
	return int64(n), err
}

// request returns a complete HTTP/1.1 request. Headers are pairs of names and values. A body is sent with the given
// media type.
func request(method, path, token, media, body string, headers ...string) []byte {
	b := make([]byte, 0, 512+len(body))
	b = append(b, method+" "+path+" HTTP/1.1\r\nHost: loadtest\r\n"...)
	if token != "" {
		b = append(b, "Authorization: Bearer "+token+"\r\n"...)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		b = append(b, headers[i]+": "+headers[i+1]+"\r\n"...)
	}
	if body != "" {
		b = append(b, "Content-Type: "+media+"\r\n"...)
	}
	if body != "" || method != "GET" {
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}
