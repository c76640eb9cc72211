package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

const redacted = "[redacted]"

// redact replaces the value of an attribute whose key names a credential, or that is inside of a group that does, and
// converts times to UTC. Numbers, booleans and times are kept under any key: token_count is not a credential.
func redact(inside bool, a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindTime:
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	case slog.KindString:
		if inside || names(a.Key) {
			a.Value = slog.StringValue(redacted)
		}
	case slog.KindAny:
		if inside || names(a.Key) {
			a.Value = slog.StringValue(redacted)
		} else {
			a.Value = redactAny(a.Value)
		}
	case slog.KindGroup:
		inside = inside || names(a.Key)
		members := make([]slog.Attr, len(a.Value.Group()))
		for i, member := range a.Value.Group() {
			members[i] = redact(inside, member)
		}
		a.Value = slog.GroupValue(members...)
	default:
	}
	return a
}

// names reports whether a key names a credential.
func names(key string) bool {
	key = strings.ToLower(key)
	for _, word := range [...]string{
		"password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "credential", "bearer", "jwt",
		"api_key", "api-key", "apikey", "private_key", "private-key", "privatekey", "signing_key",
	} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// redactAny redacts the parts of a composite value. It uses the value's JSON form, in which the parts have the keys
// that they are logged with.
func redactAny(v slog.Value) slog.Value {
	value := v.Any()
	switch value := value.(type) {
	case slog.Level:
		return slog.StringValue(value.String())
	case error:
		return v
	}
	switch reflect.ValueOf(value).Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array, reflect.Pointer:
	default:
		return v
	}
	var parts any
	encoded, err := json.Marshal(value)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(encoded))
		decoder.UseNumber()
		err = decoder.Decode(&parts)
	}
	if err != nil {
		return slog.StringValue(fmt.Sprintf("[%T, which has no JSON form]", value))
	}
	return slog.AnyValue(redactParts(parts))
}

// redactParts replaces credentials in decoded JSON, in place.
func redactParts(parts any) any {
	switch parts := parts.(type) {
	case []any:
		for i := range parts {
			parts[i] = redactParts(parts[i])
		}
	case map[string]any:
		for key, value := range parts {
			parts[key] = redactPart(key, value)
		}
	}
	return parts
}

func redactPart(key string, value any) any {
	switch value.(type) {
	case nil, bool, json.Number:
		return value
	}
	if names(key) {
		return redacted
	}
	return redactParts(value)
}
