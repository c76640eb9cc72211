// Package fault says what can go wrong, without HTTP. A fault has a stable code that clients may program against, a
// sentence for the person who reads it, and a private cause for the log; the two never mix. The code decides the kind,
// and the kind decides, in package problem, the status.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a fault: what a caller can do about it.
type Kind uint8

// The kinds of fault.
const (
	// Internal is a defect or an unforeseen failure; its cause is never shown.
	Internal Kind = iota
	// Malformed cannot be read or does not match the contract.
	Malformed
	// Unauthenticated lacks valid proof of who is asking.
	Unauthenticated
	// Forbidden is understood and refused: the caller may not do this.
	Forbidden
	// NotFound is absent, or not visible to the caller, which must look the same.
	NotFound
	// Conflict does not fit the present state of the resource.
	Conflict
	// Stale was decided on an outdated version of the resource.
	Stale
	// Unconditional changes a resource without saying on which version it was decided.
	Unconditional
	// Invalid matches the contract and breaks a rule.
	Invalid
	// Limited is one request too many for now.
	Limited
	// Unavailable means that something the service depends on is down or overloaded.
	Unavailable
	// MethodUnknown asks a known path for something it does not offer.
	MethodUnknown
	// Unacceptable wants an answer in a form that does not exist.
	Unacceptable
	// TooLarge is a body beyond the bound.
	TooLarge
	// MediaUnknown is a body in a form that is not read.
	MediaUnknown
	// HeadTooLarge is a request whose headers are beyond the bound.
	HeadTooLarge
)

// Field is one thing wrong with a request: in its body (Pointer, an RFC 6901 JSON pointer) or in a path, query, header
// or cookie parameter (Parameter, its name).
type Field struct {
	// Line is the line of an uploaded file, from 1; 0 where there is none.
	Line      int
	Pointer   string
	Parameter string
	Code      string
	Detail    string
}

// Fault is an error with a public face. Build one with New; the zero value is not useful.
type Fault struct {
	code       Code
	detail     string
	fields     []Field
	state      string
	actions    []string
	retryAfter time.Duration
	cause      error
}

// New returns the fault of a code, with the code's own sentence as its detail.
func New(code Code) *Fault { return &Fault{code: code} }

// With replaces the public detail. The text is shown to the caller: it must not carry what they may not know.
func (f *Fault) With(format string, args ...any) *Fault {
	f.detail = fmt.Sprintf(format, args...)
	return f
}

// Field adds one thing wrong in the body, at an RFC 6901 pointer such as "/email".
func (f *Fault) Field(pointer, code, detail string) *Fault {
	f.fields = append(f.fields, Field{Pointer: pointer, Code: code, Detail: detail})
	return f
}

// Parameter adds one thing wrong in a parameter of the request.
func (f *Fault) Parameter(name, code, detail string) *Fault {
	f.fields = append(f.fields, Field{Parameter: name, Code: code, Detail: detail})
	return f
}

// Row adds one thing wrong in a line of an uploaded file, at an RFC 6901 pointer into what the line holds.
func (f *Fault) Row(line int, pointer, code, detail string) *Fault {
	f.fields = append(f.fields, Field{Line: line, Pointer: pointer, Code: code, Detail: detail})
	return f
}

// In says which state of the resource keeps the request from being done, and what the caller may do in it.
func (f *Fault) In(state string, allowed []string) *Fault {
	f.state, f.actions = state, allowed
	return f
}

// Because keeps the private cause, for errors.Is, errors.As and the log.
func (f *Fault) Because(cause error) *Fault {
	f.cause = cause
	return f
}

// After says when a retry may succeed.
func (f *Fault) After(d time.Duration) *Fault {
	f.retryAfter = d
	return f
}

// Code is the stable name of what went wrong.
func (f *Fault) Code() Code { return f.code }

// Kind is the class that the code belongs to.
func (f *Fault) Kind() Kind { return f.code.Describe().Kind }

// Detail is the public sentence about this occurrence.
func (f *Fault) Detail() string {
	if f.detail != "" {
		return f.detail
	}
	return f.code.Describe().Meaning
}

// Fields lists everything that is wrong with the request, where the fault is about parts of it.
func (f *Fault) Fields() []Field { return f.fields }

// State is the state that keeps the request from being done, empty where it is not about one; actions are what the
// caller may do in it.
func (f *Fault) State() (state string, actions []string) { return f.state, f.actions }

// RetryAfter is how long to wait before trying again; 0 when nothing is known about it.
func (f *Fault) RetryAfter() time.Duration { return f.retryAfter }

// Error is for the log: it includes the private cause.
func (f *Fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %v", f.code, f.cause)
	}
	return string(f.code) + ": " + f.Detail()
}

// Unwrap gives the private cause.
func (f *Fault) Unwrap() error { return f.cause }

// Is reports whether err is, or wraps, a fault of this code.
func Is(err error, code Code) bool {
	var f *Fault
	return errors.As(err, &f) && f.code == code
}

// KindOf gives the kind of err; an error that is no fault is Internal.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind()
	}
	return Internal
}
