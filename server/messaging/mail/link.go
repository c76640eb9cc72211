package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

const (
	tokenPrefix = "aippr_"
	tokenFormat = 1
	tokenBody   = 1 + 16 + 16
)

// ErrToken is the error for a token that the service did not issue.
var ErrToken = errors.New("not a token of a link")

// Links derives and reads the tokens of links. The first key derives; all of them verify, so that links survive a
// change of SECRET_KEY.
type Links struct{ keys [][]byte }

// NewLinks returns Links with keys that are used for nothing else, at least one.
func NewLinks(keys [][]byte) Links { return Links{keys} }

// Token returns the token of the link of a mail. It is valid for this kind of mail only.
func (l Links) Token(kind stored.MailKind, company, id uuid.UUID) string {
	body := make([]byte, 0, tokenBody+sha256.Size)
	body = append(body, tokenFormat)
	body = append(body, company[:]...)
	body = append(body, id[:]...)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(append(body, tokenMAC(l.keys[0], kind, body)...))
}

// Read returns the mail of a token. It fails with ErrToken if the service did not issue the token for this kind of
// mail; it does not know whether the link is still valid.
func (l Links) Read(kind stored.MailKind, token string) (company, id uuid.UUID, err error) {
	encoded, found := strings.CutPrefix(token, tokenPrefix)
	if !found || len(encoded) != base64.RawURLEncoding.EncodedLen(tokenBody+sha256.Size) {
		return company, id, ErrToken
	}
	signed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(signed) != tokenBody+sha256.Size || signed[0] != tokenFormat {
		return company, id, ErrToken
	}
	body := signed[:tokenBody]
	for _, key := range l.keys {
		if hmac.Equal(tokenMAC(key, kind, body), signed[tokenBody:]) {
			return uuid.UUID(body[1:17]), uuid.UUID(body[17:]), nil
		}
	}
	return company, id, ErrToken
}

func tokenMAC(key []byte, kind stored.MailKind, body []byte) []byte {
	digest := hmac.New(sha256.New, key)
	digest.Write([]byte(kind))
	digest.Write([]byte{0}) // ends the kind, whose length varies
	digest.Write(body)
	return digest.Sum(nil)
}
