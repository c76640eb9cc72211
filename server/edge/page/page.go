// Package page reads lists page by page. A cursor encodes the position of the last entry of a page. It is signed and
// belongs to one list of one company with its filters and its sort order; for any other list it is refused, so that
// clients cannot build cursors or use one with another list by mistake.
package page

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const macSize = 16

// DefaultLimit is the maximum number of entries of a page if the client sends no limit.
const DefaultLimit = 50

// Codec encodes and decodes cursors.
type Codec struct{ keys [][]byte }

// NewCodec returns a Codec with keys of 32 bytes, at least one: the first signs, all verify, so that cursors stay valid
// when the key is replaced. They are the same in every replica.
func NewCodec(keys ...[]byte) Codec { return Codec{keys} }

// Scope is the list that a cursor belongs to.
type Scope struct {
	Company   uuid.UUID
	Operation string
	// Query has everything that selects and orders the entries: the operation's parameters without cursor and limit.
	Query any
}

// Encode returns the cursor of a position, the sort key of the last entry of a page.
func (c Codec) Encode(scope Scope, position any) (string, error) {
	body, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	mac, err := mac(c.keys[0], scope, body)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(mac, body...)), nil
}

// Decode decodes a cursor into position. The error is InvalidCursor if it was not issued for the scope.
func (c Codec) Decode(scope Scope, cursor string, position any) error {
	refused := func(cause error) error {
		return fault.New(fault.InvalidCursor).Because(cause).
			Parameter("cursor", "invalid", "does not belong to this list with these filters and this sort order")
	}
	// The decoder ignores line breaks, but a cursor has only one valid form.
	signed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(signed) <= macSize || strings.ContainsAny(cursor, "\r\n") {
		return refused(err)
	}
	if valid, err := c.signed(scope, signed[macSize:], signed[:macSize]); err != nil || !valid {
		return cmp.Or(err, refused(nil))
	}
	// An earlier release may have signed a position of another form for the same list.
	body := json.NewDecoder(bytes.NewReader(signed[macSize:]))
	body.DisallowUnknownFields()
	if err := body.Decode(position); err != nil {
		return refused(err)
	}
	return nil
}

// signed reports whether a body was signed for a scope with one of the keys.
func (c Codec) signed(scope Scope, body, signature []byte) (bool, error) {
	for _, key := range c.keys {
		expected, err := mac(key, scope, body)
		if err != nil || hmac.Equal(expected, signature) {
			return err == nil, err
		}
	}
	return false, nil
}

func mac(key []byte, scope Scope, body []byte) ([]byte, error) {
	bound, err := json.Marshal(scope)
	if err != nil {
		return nil, fmt.Errorf("encode cursor scope: %w", err)
	}
	digest := hmac.New(sha256.New, key)
	digest.Write(bound)
	digest.Write([]byte{0})
	digest.Write(body)
	return digest.Sum(nil)[:macSize], nil
}

// Link returns the Link header with the next page (RFC 8288); nil on the last page.
func Link(ctx context.Context, cursor string) *string {
	request := access.RequestOf(ctx)
	if cursor == "" || request.Target == nil {
		return nil
	}
	query := url.Values{"cursor": {cursor}}
	for name, values := range request.Query {
		if name != "cursor" {
			query[name] = values
		}
	}
	link := "<" + request.Target.EscapedPath() + "?" + query.Encode() + `>; rel="next"`
	return &link
}

// Contains returns the LIKE pattern that matches values that contain a text.
func Contains(text string) string {
	return "%" + wildcards.Replace(text) + "%"
}

var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`) //nolint:gochecknoglobals // a constant

// Seal encrypts a content, such as a position that its reader must not see. The same content always has the same
// result, as long as the key is the same.
func (c Codec) Seal(scope Scope, content []byte) (string, error) {
	iv, err := mac(c.keys[0], scope, content)
	if err != nil {
		return "", err
	}
	sealed, err := crypt(c.keys[0], iv, content)
	return base64.RawURLEncoding.EncodeToString(append(iv, sealed...)), err
}

// errNotSealed is the error of a text that Seal has not returned for the scope.
var errNotSealed = errors.New("not sealed for this scope")

// Open returns the content of a result of Seal for the same scope.
func (c Codec) Open(scope Scope, sealed string) ([]byte, error) {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(decoded) <= macSize || strings.ContainsAny(sealed, "\r\n") {
		return nil, errNotSealed
	}
	for _, key := range c.keys {
		content, err := crypt(key, decoded[:macSize], decoded[macSize:])
		if err != nil {
			return nil, err
		}
		expected, err := mac(key, scope, content)
		if err != nil {
			return nil, err
		}
		if hmac.Equal(expected, decoded[:macSize]) {
			return content, nil
		}
	}
	return nil, errNotSealed
}

// crypt encrypts or decrypts with AES in counter mode. The key is derived, because key itself authenticates. The
// initialization vector is the authentication code of the content, so none is used for two contents.
func crypt(key, iv, content []byte) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "page.Codec.Seal", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of sealed positions: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("seal a position: %w", err)
	}
	result := make([]byte, len(content))
	cipher.NewCTR(block, iv).XORKeyStream(result, content)
	return result, nil
}
