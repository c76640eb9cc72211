// Package optional converts optional values between their three forms: a pointer in a row, a nullable member in the
// API, and a member of a merge patch (RFC 7396), where absent means unchanged and null means cleared.
package optional

import (
	"strings"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
)

// Of returns the value of a row for the API; null for nil.
func Of[T any](value *T) nullable.Nullable[T] {
	if value == nil {
		return nullable.NewNullNullable[T]()
	}
	return nullable.NewNullableWithValue(*value)
}

// Time returns the time of a row for the API, in UTC; null for nil.
func Time(t *time.Time) nullable.Nullable[time.Time] {
	if t == nil {
		return nullable.NewNullNullable[time.Time]()
	}
	return nullable.NewNullableWithValue(t.UTC())
}

// Email returns the email address of a row for the API; null for nil.
func Email(address *string) nullable.Nullable[openapi_types.Email] {
	if address == nil {
		return nullable.NewNullNullable[openapi_types.Email]()
	}
	return nullable.NewNullableWithValue(openapi_types.Email(*address))
}

// Or returns a value, or the default if it is nil.
func Or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

// Strings returns the values of a filter for a query; nil, which selects everything, if there are none.
func Strings[T ~string](values []T) []string {
	var texts []string
	for _, value := range values {
		texts = append(texts, string(value))
	}
	return texts
}

// Patched returns a value after a merge patch: unchanged if the member is absent, nil if it is null.
func Patched[T any](was *T, patch nullable.Nullable[T]) *T {
	if !patch.IsSpecified() {
		return was
	}
	if value, err := patch.Get(); err == nil {
		return &value
	}
	return nil
}

// Text is Patched for texts. It trims the white space around a new value.
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

// Trimmed returns a text after a patch that cannot clear it: unchanged if the member is absent, and otherwise the new
// value without the white space around it.
func Trimmed(was string, patch *string) string {
	if patch == nil {
		return was
	}
	return strings.TrimSpace(*patch)
}

// Plain returns the value of a pointer, or nil. The audit compares such values.
func Plain[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

// Same reports whether two values are both nil, or both present and equal.
func Same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
