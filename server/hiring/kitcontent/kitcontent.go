// Package kitcontent hashes the content of a kit version. The hash proves that the content has not changed since it was
// published, so it covers the stored types, which are frozen, and not those of the API, which may get more members.
package kitcontent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// Hash returns the SHA-256 digest, in hexadecimal, of {"criteria", "questions"} as canonical JSON (RFC 8785), which
// does not depend on the order of members or on the notation of numbers and strings. A nil list is hashed as an empty
// list.
func Hash(criteria []stored.KitCriterionV1, questions []stored.KitQuestionV1) (string, error) {
	encoded, err := json.Marshal(map[string]any{
		"criteria":  append([]stored.KitCriterionV1{}, criteria...),
		"questions": append([]stored.KitQuestionV1{}, questions...),
	})
	if err != nil {
		return "", fmt.Errorf("encode kit content: %w", err)
	}
	canonical := jsontext.Value(encoded)
	if err := canonical.Canonicalize(); err != nil {
		return "", fmt.Errorf("canonicalize kit content: %w", err)
	}
	digest := sha256.Sum256(canonical)
	return hex.EncodeToString(digest[:]), nil
}
