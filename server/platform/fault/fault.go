// Package fault defines the errors that clients see, without HTTP. A fault has a stable code that clients can program
// against, a public sentence, and a private cause for the log. The code determines the kind, and the kind determines
// the status, see package problem.
package fault

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Kind is the class of a fault. It determines the HTTP status.
type Kind uint8

// The kinds of fault.
const (
	// Internal: a defect or an unexpected failure. The cause is never public.
	Internal Kind = iota
	// Malformed: the request cannot be parsed or does not match its schema.
	Malformed
	// Unauthenticated: valid credentials are missing.
	Unauthenticated
	// Forbidden: the actor may not do this.
	Forbidden
	// NotFound: the resource does not exist or is not visible to the actor. Both must look the same.
	NotFound
	// Expired: what the client refers to existed, but is no longer available.
	Expired
	// Conflict: the state of the resource does not permit this.
	Conflict
	// Stale: If-Match names an outdated version of the resource.
	Stale
	// Unconditional: the change requires If-Match.
	Unconditional
	// Invalid: the request matches its schema but violates a rule.
	Invalid
	// Limited: a rate limit was exceeded.
	Limited
	// Unavailable: a dependency is down, or the service is overloaded.
	Unavailable
	// MethodUnknown: the path does not support the method.
	MethodUnknown
	// Unacceptable: no media type in Accept is available.
	Unacceptable
	// TooLarge: the body is too large.
	TooLarge
	// MediaUnknown: the media type of the body is not supported.
	MediaUnknown
	// HeadTooLarge: the URL and headers are too large.
	HeadTooLarge
)

// Field is one error in a request: in its body (Pointer, an RFC 6901 JSON pointer) or in a path, query, header or
// cookie parameter (Parameter, its name).
type Field struct {
	// Line is the line of an uploaded file, from 1; 0 for none.
	Line      int
	Pointer   string
	Parameter string
	Code      string
	Detail    string
}

// Resource is a resource of the API that a fault names: its type, such as candidate, and its id.
type Resource struct {
	Type string
	ID   uuid.UUID
}

// Fault is an error with a public part. Create one with New; the zero value is not useful.
type Fault struct {
	code       Code
	detail     string
	fields     []Field
	conflicts  []Resource
	mergedInto uuid.UUID
	state      string
	actions    []string
	retryAfter time.Duration
	cause      error
}

// New returns a fault with the code's sentence as its detail.
func New(code Code) *Fault { return &Fault{code: code} }

// With replaces the detail. The text is public: it must not contain anything that the client may not know.
func (f *Fault) With(format string, args ...any) *Fault {
	f.detail = fmt.Sprintf(format, args...)
	return f
}

// Field adds an error in the body, at an RFC 6901 pointer such as "/email".
func (f *Fault) Field(pointer, code, detail string) *Fault {
	f.fields = append(f.fields, Field{Pointer: pointer, Code: code, Detail: detail})
	return f
}

// Parameter adds an error in a parameter of the request.
func (f *Fault) Parameter(name, code, detail string) *Fault {
	f.fields = append(f.fields, Field{Parameter: name, Code: code, Detail: detail})
	return f
}

// Row adds an error in a line of an uploaded file, at an RFC 6901 pointer into its record.
func (f *Fault) Row(line int, pointer, code, detail string) *Fault {
	f.fields = append(f.fields, Field{Line: line, Pointer: pointer, Code: code, Detail: detail})
	return f
}

// ConflictsWith adds another resource that is the reason for the fault. It is public: the actor must be able to read
// it.
func (f *Fault) ConflictsWith(kind string, id uuid.UUID) *Fault {
	f.conflicts = append(f.conflicts, Resource{kind, id})
	return f
}

// MergedInto sets the candidate that the requested one was merged into. The actor must be able to read it.
func (f *Fault) MergedInto(id uuid.UUID) *Fault {
	f.mergedInto = id
	return f
}

// In adds the state of the resource that does not permit the request, and the actions that the actor may perform in it.
func (f *Fault) In(state string, allowed []string) *Fault {
	f.state, f.actions = state, allowed
	return f
}

// Because sets the private cause, for errors.Is, errors.As and the log.
func (f *Fault) Because(cause error) *Fault {
	f.cause = cause
	return f
}

// After sets the time after which a retry may succeed.
func (f *Fault) After(d time.Duration) *Fault {
	f.retryAfter = d
	return f
}

// Code returns the code.
func (f *Fault) Code() Code { return f.code }

// Kind returns the kind of the code.
func (f *Fault) Kind() Kind { return f.code.Describe().Kind }

// Detail returns the public sentence.
func (f *Fault) Detail() string {
	if f.detail != "" {
		return f.detail
	}
	return f.code.Describe().Meaning
}

// Fields returns the errors in parts of the request.
func (f *Fault) Fields() []Field { return f.fields }

// Conflicts returns the other resources that are the reason for the fault.
func (f *Fault) Conflicts() []Resource { return f.conflicts }

// Survivor returns the candidate that the requested one was merged into; the zero value for none.
func (f *Fault) Survivor() uuid.UUID { return f.mergedInto }

// State returns the state that does not permit the request, empty if the fault is not about a state, and the allowed
// actions.
func (f *Fault) State() (state string, actions []string) { return f.state, f.actions }

// RetryAfter returns the time after which a retry may succeed; 0 if it is unknown.
func (f *Fault) RetryAfter() time.Duration { return f.retryAfter }

// Error returns the text for the log, which includes the private cause.
func (f *Fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %v", f.code, f.cause)
	}
	return string(f.code) + ": " + f.Detail()
}

// Unwrap returns the private cause.
func (f *Fault) Unwrap() error { return f.cause }

// Is reports whether err is, or wraps, a fault with this code.
func Is(err error, code Code) bool {
	var f *Fault
	return errors.As(err, &f) && f.code == code
}

// KindOf returns the kind of err; Internal for an error that is not a fault.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind()
	}
	return Internal
}
