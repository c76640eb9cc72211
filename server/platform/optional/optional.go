// Package optional carries values that may be absent between the three forms they have: a pointer in a row, a nullable
// member in the API, and a merge patch (RFC 7396), where absent means unchanged and null means cleared.
package optional

import (
	"strings"
	"time"

	"github.com/oapi-codegen/nullable"
)

// Of is a row's value as the API shows it: null where there is none.
func Of[T any](value *T) nullable.Nullable[T] {
	if value == nil {
		return nullable.NewNullNullable[T]()
	}
	return nullable.NewNullableWithValue(*value)
}

// Time is a row's time as the API shows it, in UTC.
func Time(t *time.Time) nullable.Nullable[time.Time] {
	if t == nil {
		return nullable.NewNullNullable[time.Time]()
	}
	return nullable.NewNullableWithValue(t.UTC())
}

// Or is a value, or a default if there is none.
func Or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

// Strings is a filter's values as a query takes them; nil, which selects everything, where there are none.
func Strings[T ~string](values []T) []string {
	var texts []string
	for _, value := range values {
		texts = append(texts, string(value))
	}
	return texts
}

// Patched is a value after a merge patch: what it was where the patch says nothing, nil where it says null.
func Patched[T any](was *T, patch nullable.Nullable[T]) *T {
	if !patch.IsSpecified() {
		return was
	}
	if value, err := patch.Get(); err == nil {
		return &value
	}
	return nil
}

// Text is Patched for texts, without the white space around a new one.
func Text(was *string, patch nullable.Nullable[string]) *string {
	if !patch.IsSpecified() {
		return was
	}
	value, err := patch.Get()
	if err != nil {
		return nil
	}
	value = strings.TrimSpace(value)
	return &value
}

// Trimmed is a text after a patch that cannot clear it: what it was where the patch says nothing, and otherwise the new
// text without the white space around it.
func Trimmed(was string, patch *string) string {
	if patch == nil {
		return was
	}
	return strings.TrimSpace(*patch)
}

// Plain is a value for the audit's comparison: nil or what the pointer points to.
func Plain[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

// Same reports whether two values are both absent, or both there and equal.
func Same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
