// Package nullable has the type of members of the API that can be null. It has the methods of
// github.com/oapi-codegen/nullable, which the generated client uses and which allocates a map for every value.
package nullable

import (
	"bytes"
	"encoding/json"
	"errors"
)

// The states of a Nullable.
const (
	unspecified state = iota
	null
	specified
)

type state uint8

// Nullable is a member that is absent, null or a value. The zero value is absent. The JSON tag of a member that may be
// absent is omitzero: an absent member with another tag is encoded as the zero value of T.
type Nullable[T any] struct {
	value T // the zero value unless the state is specified
	state state
}

// NewNullableWithValue returns a value.
func NewNullableWithValue[T any](value T) Nullable[T] { return Nullable[T]{value, specified} }

// NewNullNullable returns null.
func NewNullNullable[T any]() Nullable[T] { return Nullable[T]{state: null} }

// Get returns the value. It fails if there is none.
func (n Nullable[T]) Get() (T, error) {
	switch n.state {
	case null:
		return n.value, errors.New("value is null")
	case unspecified:
		return n.value, errors.New("value is not specified")
	case specified:
	}
	return n.value, nil
}

// MustGet returns the value. It panics if there is none.
func (n Nullable[T]) MustGet() T {
	value, err := n.Get()
	if err != nil {
		panic(err)
	}
	return value
}

// OrZero returns the value, or the zero value of T if there is none.
func (n Nullable[T]) OrZero() T { return n.value }

// Set makes n a value.
func (n *Nullable[T]) Set(value T) { *n = NewNullableWithValue(value) }

// SetNull makes n null.
func (n *Nullable[T]) SetNull() { *n = NewNullNullable[T]() }

// SetUnspecified makes n absent.
func (n *Nullable[T]) SetUnspecified() { *n = Nullable[T]{} }

// IsNull reports whether n is null.
func (n Nullable[T]) IsNull() bool { return n.state == null }

// IsSpecified reports whether n is null or a value.
func (n Nullable[T]) IsSpecified() bool { return n.state != unspecified }

// IsZero reports whether n is absent. Package encoding/json asks for the tag omitzero.
func (n Nullable[T]) IsZero() bool { return n.state == unspecified }

// MarshalJSON implements json.Marshaler.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	if n.IsNull() {
		return []byte("null"), nil
	}
	return json.Marshal(n.value)
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		n.SetNull()
		return nil
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	n.Set(value)
	return nil
}
