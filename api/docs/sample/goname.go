package sample

import (
	"slices"
	"strings"
	"unicode"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// goType returns the generated type for a schema.
func goType(s *reference.Schema) string {
	switch {
	case s.Name != "":
		return "api." + s.Name
	case s.Type == "array":
		return "[]" + goType(s.Items)
	case s.Type == "object":
		return "map[string]any"
	}
	switch s.Format {
	case "uuid":
		return "api.ID"
	case "email":
		return "api.Email"
	case "date-time":
		return "time.Time"
	case "int32", "int64":
		return s.Format
	case "double":
		return "float64"
	case "float":
		return "float32"
	}
	return map[string]string{"string": "string", "boolean": "bool", "integer": "int", "number": "float32"}[s.Type]
}

// goName returns the generated name for a property or a parameter.
func goName(name string) string {
	var written strings.Builder
	between := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for word := range strings.FieldsFuncSeq(name, between) {
		written.WriteString(goWord(word))
	}
	return written.String()
}

// initialisms lists the words that the generator of the client writes in upper case.
func initialisms() []string {
	return []string{
		"ACL", "API", "ASCII", "CPU", "CSS", "DNS", "EOF", "GUID", "HTML", "HTTP", "HTTPS", "ID", "IP", "JSON",
		"QPS", "RAM", "RPC", "SLA", "SMTP", "SQL", "SSH", "TCP", "TLS", "TTL", "UDP", "UI", "GID", "UID", "UUID",
		"URI", "URL", "UTF8", "VM", "XML", "XMPP", "XSRF", "XSS", "SIP", "RTP", "AMQP", "DB", "TS",
	}
}

func goWord(word string) string {
	if upper := strings.ToUpper(word); slices.Contains(initialisms(), upper) {
		return upper
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// goEnum returns the suffix of the generated constant for a value of an enum.
func goEnum(s *reference.Schema, v reference.Value) string {
	at := slices.IndexFunc(s.Enum, func(other reference.Value) bool { return other.Text == v.Text })
	if at >= 0 && at < len(s.EnumNames) {
		return s.EnumNames[at]
	}
	return goName(v.Text)
}
