// Package etag builds and compares entity tags (RFC 9110, section 8.8.3).
//
// The tag of a resource is the version of its row. If the representation also contains data that can change without the
// version, such as the name of a referenced user, a dot and a digest of that data follow. If-Match compares only the
// version, because a change is based on the row. If-None-Match compares the whole tag, because the client has the whole
// representation.
package etag

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// digestForm matches the digest in a tag of Of.
var digestForm = regexp.MustCompile(`^[0-9a-f]{1,16}$`)

// Of returns the tag of a version, in quotes. The optional values are the data of the representation that can change
// without the version; the digest is over their JSON.
func Of(version int32, values ...any) string {
	if len(values) == 0 {
		return `"` + strconv.Itoa(int(version)) + `"`
	}
	digest := fnv.New64a()
	_ = json.NewEncoder(digest).Encode(values) // values of responses can be encoded, and a digest accepts every write
	return fmt.Sprintf(`"%d.%x"`, version, digest.Sum64())
}

// OfContent returns the tag of content that has no version: a digest of 128 bits.
func OfContent(content []byte) string {
	const size = 16 // bytes; collisions cannot be found in practice
	digest := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(digest[:size]) + `"`
}

// OfShown returns the tag of a response that has no version: that of its JSON.
func OfShown(response any) string {
	encoded, _ := json.Marshal(response) // responses can be encoded
	return OfContent(encoded)
}

// Weak returns the weak form of a tag. Equal weak tags mean equivalent, not identical, content.
func Weak(tag string) string { return "W/" + tag }

// Matches reports whether an If-None-Match header contains a tag, by weak comparison (RFC 9110, section 13.1.2). A nil
// header never matches.
func Matches(header *string, tag string) bool {
	if header == nil {
		return false
	}
	tag = strings.TrimPrefix(tag, "W/")
	for candidate := range strings.SplitSeq(*header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || candidate == tag {
			return true
		}
	}
	return false
}

// Condition is the precondition of a change: the If-Match header and whether it is required.
type Condition struct {
	header *string
	check  func(header *string, version int32) error
}

// If returns the condition of an If-Match header. Without a header it always holds.
func If(header *string) Condition { return Condition{header, Check} }

// Needed returns the condition of a change that requires an If-Match header.
func Needed(header *string) Condition { return Condition{header, Require} }

// Before combines the condition with the domain's decision on a change, nil if the domain permits it, and returns the
// error that the client gets, if any.
//
// A failed condition precedes a refusal that depends on the state of the resource (Conflict, Invalid): the client
// decided on another version and does not know that state. All other refusals, such as a missing permission, precede
// the condition (RFC 9110, section 13.2.1), and so does every refusal of a request without a header.
func (c Condition) Before(version int32, decision error) error {
	kind := fault.KindOf(decision)
	dependsOnState := kind == fault.Conflict || kind == fault.Invalid
	if decision != nil && (c.header == nil || !dependsOnState) {
		return decision
	}
	if err := c.check(c.header, version); err != nil {
		return err
	}
	return decision
}

// Require is Check for a change that requires an If-Match header. Without one it fails with PreconditionRequired.
func Require(header *string, version int32) error {
	if header == nil {
		return fault.New(fault.PreconditionRequired).
			Parameter("If-Match", "required", "is required for this change; send the ETag of the resource")
	}
	return Check(header, version)
}

// Check fails with VersionMismatch if an If-Match header contains neither "*" nor a tag of the version (RFC 9110,
// section 13.1.1). Tags in a form that Of does not return never match. A nil header is accepted.
//
// A weak tag matches like the strong tag of the same version, other than in the RFC: proxies that compress responses
// make our tags weak, and the version of a resource does not depend on its encoding.
func Check(header *string, version int32) error {
	if header == nil {
		return nil
	}
	current := strconv.Itoa(int(version))
	for candidate := range strings.SplitSeq(*header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" {
			return nil
		}
		quoted, found := strings.CutPrefix(strings.TrimPrefix(candidate, "W/"), `"`)
		named, closed := strings.CutSuffix(quoted, `"`)
		if !found || !closed {
			continue
		}
		if named, digest, found := strings.Cut(named, "."); named == current && (!found || digestForm.MatchString(digest)) {
			return nil
		}
	}
	return fault.New(fault.VersionMismatch).
		Parameter("If-Match", "stale", "does not match the current version; read the resource again")
}
