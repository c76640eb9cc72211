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
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
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
	sum := digestOf(values)
	tag := append(strconv.AppendInt([]byte{'"'}, int64(version), 10), '.')
	return string(append(strconv.AppendUint(tag, sum, 16), '"'))
}

// digestOf returns the digest of the JSON of values, which can be encoded because responses contain them.
func digestOf(values []any) uint64 {
	var err error
	body := encoder.Begin()
	defer body.End(&err)
	body.JSON = append(encoder.Any(body.JSON, values), '\n')
	digest := fnv.New64a()
	_, _ = digest.Write(body.JSON) // a digest accepts every write
	return digest.Sum64()
}

// OfContent returns the tag of content that has no version: a digest of 128 bits.
func OfContent(content []byte) string {
	const size = 16 // bytes; collisions cannot be found in practice
	digest := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(digest[:size]) + `"`
}

// OfShown returns the tag of a response that has no version: that of its JSON.
func OfShown(response encoder.Appender) string {
	var err error // none: responses can be encoded
	body := encoder.Begin()
	defer body.End(&err)
	body.JSON = response.AppendJSON(body.JSON)
	return OfContent(body.JSON)
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
		if candidate == "*" || candidate == tag || original(candidate) == tag {
			return true
		}
	}
	return false
}

// encodingMark matches what servers and proxies that compress append to a tag, before its closing quote: Apache
// "3-gzip" and "3-br", Jetty "3--gzip", others "3;gzip". No tag of ours ends so.
var encodingMark = regexp.MustCompile(`(--?|;)(gzip|x-gzip|br|zstd|deflate|df)"$`)

// original returns the tag from which a proxy has made another one for compressed content.
func original(tag string) string { return encodingMark.ReplaceAllString(tag, `"`) }

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
// A weak tag, and one with the mark of an encoding, match like the strong tag of the same version, other than in the
// RFC: proxies that compress responses change our tags, and the version of a resource does not depend on its encoding.
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
		quoted, found := strings.CutPrefix(original(strings.TrimPrefix(candidate, "W/")), `"`)
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

// CheckNew fails with VersionMismatch if an If-None-Match header requires that the resource does not exist yet, and it
// exists (RFC 9110, section 13.1.2).
func CheckNew(header *string, exists bool) error {
	if header == nil || !exists {
		return nil
	}
	return fault.New(fault.VersionMismatch).
		With("The resource exists already, and If-None-Match: * permits only to create it.").
		Parameter("If-None-Match", "exists", "does not permit to change a resource that exists; omit it to do that")
}
