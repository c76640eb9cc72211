// Package page turns a place in a list into an opaque cursor and back. A cursor is signed and belongs to one list of
// one company with its filters and its order: used for anything else it is refused, so that no client can build one and
// none wanders silently into another list.
package page

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const macSize = 16

// DefaultLimit is how many entries a page holds when the client does not say.
const DefaultLimit = 50

// Codec signs and reads cursors.
type Codec struct{ key []byte }

// NewCodec takes the signing key, 32 bytes that every replica has.
func NewCodec(key []byte) Codec { return Codec{key} }

// Scope is what a cursor belongs to.
type Scope struct {
	Company   uuid.UUID
	Operation string
	// Query is everything that selects and orders the entries: the operation's parameters without cursor and limit.
	Query any
}

// Encode gives the cursor for a position, which is the sort key of the last entry shown.
func (c Codec) Encode(scope Scope, position any) (string, error) {
	body, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	mac, err := c.mac(scope, body)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(mac, body...)), nil
}

// Decode reads a cursor into position; one that was not issued for this scope is the fault InvalidCursor.
func (c Codec) Decode(scope Scope, cursor string, position any) error {
	refused := func(cause error) error {
		return fault.New(fault.InvalidCursor).Because(cause).
			Parameter("cursor", "invalid", "does not belong to this list with these filters and this sort order")
	}
	// The decoder overlooks line breaks; a cursor has one spelling.
	signed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(signed) <= macSize || strings.ContainsAny(cursor, "\r\n") {
		return refused(err)
	}
	mac, err := c.mac(scope, signed[macSize:])
	if err != nil {
		return err
	}
	if !hmac.Equal(mac, signed[:macSize]) {
		return refused(nil)
	}
	// An earlier release may have signed a position of another form for the same list.
	body := json.NewDecoder(bytes.NewReader(signed[macSize:]))
	body.DisallowUnknownFields()
	if err := body.Decode(position); err != nil {
		return refused(err)
	}
	return nil
}

func (c Codec) mac(scope Scope, body []byte) ([]byte, error) {
	bound, err := json.Marshal(scope)
	if err != nil {
		return nil, fmt.Errorf("encode cursor scope: %w", err)
	}
	digest := hmac.New(sha256.New, c.key)
	digest.Write(bound)
	digest.Write([]byte{0})
	digest.Write(body)
	return digest.Sum(nil)[:macSize], nil
}

// Link is the header that leads to the next page (RFC 8288), nil on the last one.
func Link(request *access.Request, cursor string) *string {
	if cursor == "" || request.Target == nil {
		return nil
	}
	query := request.Target.Query()
	query.Set("cursor", cursor)
	link := "<" + request.Target.EscapedPath() + "?" + query.Encode() + `>; rel="next"`
	return &link
}

// Contains is the LIKE pattern that finds a text anywhere; every character of it stands for itself.
func Contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// Cut takes one entry too many as the sign that there are more, and gives those of this page.
func Cut[T any](entries []T, limit int32) (page []T, more bool) {
	if len(entries) > int(limit) {
		return entries[:limit], true
	}
	return entries, false
}

// Limit is the number of entries that the client wants, or the default.
func Limit(wanted *int32) int32 {
	if wanted == nil {
		return DefaultLimit
	}
	return *wanted
}

// Next is a cursor as a page shows it: null on the last one.
func Next(cursor string) nullable.Nullable[string] {
	if cursor == "" {
		return nullable.NewNullNullable[string]()
	}
	return nullable.NewNullableWithValue(cursor)
}
