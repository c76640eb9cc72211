package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	checkpointVersion = 1
	// checkpointTimeout limits the delivery of a checkpoint.
	checkpointTimeout = 10 * time.Second
	// checkpointLine is the maximum size of a line, in bytes; enough for about 500,000 companies.
	checkpointLine = 64 << 20
	keyIDSize      = 8
)

// Signed is a signed statement that the chains of some companies contained these positions at a time. As JSON it has
// one line. The signature is over a binary encoding with a prefix of its own, so that it signs nothing else.
type Signed struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"`
	// KeyID identifies the public key.
	KeyID string `json:"key_id"`
	Heads []Head `json:"heads"`
	// Signature is an Ed25519 signature.
	Signature []byte `json:"signature"`
}

// Head is the last position of a company's chain.
type Head struct {
	CompanyID uuid.UUID `json:"company_id"`
	Sequence  int64     `json:"sequence"`
	// Hash is in hexadecimal.
	Hash string `json:"hash"`
}

// ParseKey returns the key that signs checkpoints. Its text is 32 random bytes in base64.
func ParseKey(text string) (ed25519.PrivateKey, error) {
	seed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("the key of checkpoints is not 32 bytes in base64")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// ParsePublicKey returns the key that verifies checkpoints.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("the public key of checkpoints is not 32 bytes in base64")
	}
	return key, nil
}

// keyID identifies a public key.
func keyID(key ed25519.PublicKey) string {
	digest := sha256.Sum256(key)
	return hex.EncodeToString(digest[:keyIDSize])
}

// Checkpoint signs the last positions of the chains of some companies, or of all if there are none, and writes the
// checkpoint to a URL; see WriteCheckpoint. Call it periodically.
func Checkpoint(
	ctx context.Context, s *postgres.Store, now time.Time, key ed25519.PrivateKey, to string, companies ...uuid.UUID,
) error {
	signed, err := SignCheckpoint(ctx, s, now, key, companies...)
	if err != nil {
		return err
	}
	return WriteCheckpoint(ctx, to, signed)
}

// SignCheckpoint returns a signed checkpoint of some companies, or of all if there are none. A company without sealed
// entries is not part of it.
func SignCheckpoint(
	ctx context.Context, s *postgres.Store, now time.Time, key ed25519.PrivateKey, companies ...uuid.UUID,
) (Signed, error) {
	if len(companies) == 0 {
		all, err := s.Lookup().AllCompanies(ctx)
		if err != nil {
			return Signed{}, err
		}
		for _, one := range all {
			companies = append(companies, one.ID)
		}
	}
	signed := Signed{Version: checkpointVersion, Time: now.UTC(), KeyID: keyID(publicOf(key)), Heads: []Head{}}
	for _, company := range companies {
		last, err := s.Of(company).GetLastSeal(ctx, company)
		if fault.Is(err, fault.ResourceNotFound) {
			continue
		}
		if err != nil {
			return Signed{}, err
		}
		signed.Heads = append(signed.Heads, Head{company, last.Sequence, hex.EncodeToString(last.Hash)})
	}
	signed.Signature = ed25519.Sign(key, signed.input())
	return signed, nil
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey)
	return public
}

// input is what the signature signs: every member with its length.
func (c Signed) input() []byte {
	var b bytes.Buffer
	write := func(member []byte) {
		_, _ = fmt.Fprintf(&b, "%d:", len(member))
		_, _ = b.Write(member)
	}
	write([]byte("interviewer audit checkpoint 1"))
	write(fmt.Append(nil, c.Version))
	write([]byte(c.Time.UTC().Format(time.RFC3339Nano)))
	write([]byte(c.KeyID))
	for _, head := range c.Heads {
		write(head.CompanyID[:])
		write(fmt.Append(nil, head.Sequence))
		write([]byte(head.Hash))
	}
	return b.Bytes()
}

// Verify returns an error if the key did not sign the checkpoint.
func (c Signed) Verify(key ed25519.PublicKey) error {
	switch {
	case c.Version != checkpointVersion:
		return fmt.Errorf("the checkpoint of %s has the unknown version %d", c.Time.Format(time.RFC3339), c.Version)
	case c.KeyID != keyID(key):
		return fmt.Errorf("the checkpoint of %s was signed with the key %s, not with %s",
			c.Time.Format(time.RFC3339), c.KeyID, keyID(key))
	case !ed25519.Verify(key, c.input(), c.Signature):
		return fmt.Errorf("the signature of the checkpoint of %s is invalid", c.Time.Format(time.RFC3339))
	}
	return nil
}

// Of returns the position of a company's chain; false if it has none.
func (c Signed) Of(company uuid.UUID) (Position, bool) {
	for _, head := range c.Heads {
		if head.CompanyID == company {
			hash, err := hex.DecodeString(head.Hash)
			return Position{head.Sequence, hash}, err == nil
		}
	}
	return Position{}, false
}

// ReadCheckpoints reads checkpoints, one per line, and verifies their signatures. It also returns the numbers of the
// lines that are not JSON, which an interrupted write may leave. It fails if a signature is invalid, or if there is no
// checkpoint.
func ReadCheckpoints(from io.Reader, key ed25519.PublicKey) (all []Signed, unreadable []int, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, checkpointLine)
	for n := 1; lines.Scan(); n++ {
		var one Signed
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			unreadable = append(unreadable, n)
			continue
		}
		if err := one.Verify(key); err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, one)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("read checkpoints: %w", err)
	}
	if len(all) == 0 {
		return nil, nil, errors.New("the file contains no checkpoint")
	}
	return all, unreadable, nil
}

// WriteCheckpoint writes a checkpoint as a line of JSON. To a file:// URL it is appended, and the file is synced; to an
// https:// URL it is sent with POST, which must return a 2xx within ten seconds and is not redirected. http is accepted
// for the local machine only.
func WriteCheckpoint(ctx context.Context, to string, c Signed) error {
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	line = append(line, '\n')
	target, err := url.Parse(to)
	if err != nil {
		return errors.New("the address of checkpoints is not a URL")
	}
	switch {
	case target.Scheme == "file" && target.Host == "":
		return appendLine(target.Path, line)
	case target.Scheme == "https", target.Scheme == "http" && isLoopback(target.Hostname()):
		return post(ctx, target, line)
	}
	return errors.New("checkpoints are written to file:// or https:// URLs only")
}

// isLoopback reports whether a host is the local machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// appendLine appends a line to a file. A file whose last line has no end, because a write was interrupted, first gets
// an end of line; readers ignore such lines.
func appendLine(path string, line []byte) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("open file for checkpoints: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if end, err := file.Seek(0, io.SeekEnd); err == nil && end > 0 {
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, end-1); err == nil && last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := file.Write(line); err != nil {
		return fmt.Errorf("append checkpoint: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync checkpoints: %w", err)
	}
	return nil
}

func post(ctx context.Context, to *url.URL, line []byte) error {
	ctx, cancel := context.WithTimeout(ctx, checkpointTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(line))
	if err != nil {
		return errors.New("the address of checkpoints is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL, which may contain credentials
		}
		return fmt.Errorf("send checkpoint: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("send checkpoint: the receiver responded with status %d", response.StatusCode)
	}
	return nil
}
