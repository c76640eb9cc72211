// Package kitcontent names the content of a kit's version by a hash, so that whoever has the content can prove which
// version it is, and that it has not changed since it was published.
package kitcontent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// Hash is SHA-256, in hexadecimal, over {"criteria", "questions"} as canonical JSON (RFC 8785): the order of members
// and the way numbers and texts are written play no part in it. A list that is nil counts as empty.
func Hash(criteria []api.KitCriterion, questions []api.KitQuestion) (string, error) {
	encoded, err := json.Marshal(map[string]any{
		"criteria": append([]api.KitCriterion{}, criteria...), "questions": append([]api.KitQuestion{}, questions...),
	})
	if err != nil {
		return "", fmt.Errorf("encode the content of a kit: %w", err)
	}
	canonical := jsontext.Value(encoded)
	if err := canonical.Canonicalize(); err != nil {
		return "", fmt.Errorf("canonicalize the content of a kit: %w", err)
	}
	digest := sha256.Sum256(canonical)
	return hex.EncodeToString(digest[:]), nil
}
