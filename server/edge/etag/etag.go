// Package etag names the version of a resource as clients see it. A tag is the row's version, and behind a dot a digest
// of whatever else the representation shows that can change without it: If-Match compares the version, because that is
// what a change is based on; If-None-Match compares the whole, because that is what the client has.
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

// digestForm is what stands behind the dot of a tag that Of gives.
var digestForm = regexp.MustCompile(`^[0-9a-f]{1,16}$`)

// Of gives the tag of a version, quoted as RFC 9110 wants it. What is shown besides is compared by its JSON, as the
// client sees it.
func Of(version int32, shown ...any) string {
	if len(shown) == 0 {
		return `"` + strconv.Itoa(int(version)) + `"`
	}
	digest := fnv.New64a()
	_ = json.NewEncoder(digest).Encode(shown) // neither a digest nor what is shown to clients as JSON can fail here
	return fmt.Sprintf(`"%d.%x"`, version, digest.Sum64())
}

// OfContent gives the tag of what has no version: a digest of all of it, so that no two contents share one.
func OfContent(content []byte) string {
	const kept = 16 // bytes, of which nobody finds two contents alike
	digest := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(digest[:kept]) + `"`
}

// OfShown gives the tag of what is shown as JSON and has no version.
func OfShown(shown any) string {
	encoded, _ := json.Marshal(shown) // what is shown to clients as JSON cannot fail here
	return OfContent(encoded)
}

// Weak makes a tag one that promises the same meaning and not the same bytes.
func Weak(tag string) string { return "W/" + tag }

// Matches reports whether the tag, weak or not, is among those of an If-None-Match header (RFC 9110, section 13.1.2).
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

// Condition is what a request says of the version that a change is based on.
type Condition struct {
	header *string
	check  func(header *string, version int32) error
}

// If is the condition that an If-Match header states; nil states none.
func If(header *string) Condition { return Condition{header, Check} }

// Needed is the condition of a change that must say what it is based on.
func Needed(header *string) Condition { return Condition{header, Require} }

// Before puts a condition in its place before what a room has decided about a change, which is nil where it may be
// made. Who decided on another version than the present one is told so first, since its state is news to them. Who may
// not make the change whatever the version is told that (RFC 9110, section 13.2.1), and so is who names no version.
func (c Condition) Before(version int32, decided error) error {
	kind := fault.KindOf(decided)
	if changes := kind == fault.Conflict || kind == fault.Invalid; decided != nil && (c.header == nil || !changes) {
		return decided
	}
	if err := c.check(c.header, version); err != nil {
		return err
	}
	return decided
}

// Require is Check for a change that must say what it is based on: without a header it fails with PreconditionRequired.
func Require(header *string, version int32) error {
	if header == nil {
		return fault.New(fault.PreconditionRequired).Parameter("If-Match", "required", "is required for this change")
	}
	return Check(header, version)
}

// Check fails with VersionMismatch where an If-Match header (RFC 9110, section 13.1.1) is there and names neither the
// present version nor any. Weak tags never match.
func Check(header *string, version int32) error {
	if header == nil {
		return nil
	}
	present := strconv.Itoa(int(version))
	for candidate := range strings.SplitSeq(*header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" {
			return nil
		}
		quoted, found := strings.CutPrefix(candidate, `"`)
		named, closed := strings.CutSuffix(quoted, `"`)
		if !found || !closed {
			continue
		}
		if named, digest, found := strings.Cut(named, "."); named == present && (!found || digestForm.MatchString(digest)) {
			return nil
		}
	}
	return fault.New(fault.VersionMismatch).Parameter("If-Match", "stale", "names another version than the present one")
}
