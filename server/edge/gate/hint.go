package gate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// hint returns how to write a value that is often written in another way; empty for other values. The parameter is nil
// for the body.
func hint(parameter *openapi3.Parameter, e *openapi3.SchemaError) string {
	value, isText := e.Value.(string)
	if !isText {
		return ""
	}
	inQuery := parameter != nil && parameter.In == openapi3.ParameterInQuery
	switch {
	case e.SchemaField == "format" && e.Schema.Format == "date-time":
		return timeHint(value, inQuery)
	case !inQuery:
	case e.SchemaField == "format" && e.Schema.Format == "email" && strings.Contains(value, " "):
		return "; write + as %2B, because + means a space in a query"
	case e.SchemaField == "enum":
		if near := meant(value, e.Schema.Enum); near != "" {
			return "; did you mean " + near + "?"
		}
		return separately(parameter, value)
	case e.SchemaField == "format":
		return separately(parameter, value)
	}
	return ""
}

// separately returns how to send several values that were sent as one; empty if it is only one.
func separately(parameter *openapi3.Parameter, value string) string {
	first, rest, several := strings.Cut(value, ",")
	if !several {
		return ""
	}
	if !parameter.Schema.Value.Type.Is(openapi3.TypeArray) {
		return "; the parameter takes one value"
	}
	second, _, _ := strings.Cut(rest, ",")
	return fmt.Sprintf("; repeat the parameter for several values: %s=%s&%s=%s",
		parameter.Name, clip(first), parameter.Name, clip(second))
}

// orderForm matches a sort order with its direction in words, such as "name desc", name:asc and name,DESC.
var orderForm = regexp.MustCompile(`^(?i)([a-z_]+)[ :,.](asc|desc)$`)

// meant returns the value of an enum that a value is similar to; empty if none is.
func meant(value string, enum []any) string {
	known := make([]string, len(enum))
	for i, one := range enum {
		known[i] = fmt.Sprint(one)
	}
	if order := orderForm.FindStringSubmatch(value); order != nil {
		if strings.EqualFold(order[2], "desc") {
			order[1] = "-" + order[1]
		}
		if slices.Contains(known, order[1]) {
			return order[1]
		}
	}
	if strings.Contains(value, ",") {
		return ""
	}
	return text.Nearest(strings.TrimSpace(value), known)
}

// writtenTime matches times as programs write them that do not write RFC 3339: its date, what follows the date, its
// time, seconds, fraction and offset, and the zone that Java appends.
var writtenTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}` +
	`(?:([Tt ])[0-9]{2}:[0-9]{2}(:[0-9]{2})?([.,][0-9]+)?( ?[Zz]| ?[+-][0-9]{2}(?::?[0-9]{2})?)?(\[.*\])?)?$`)

// timeHint returns what to change in a time that is not one of RFC 3339; empty if that is not known.
func timeHint(value string, inQuery bool) string {
	const plus = "; write the + before the offset as %2B, because + means a space in a query"
	if at := strings.LastIndexByte(value, ' '); inQuery && at >= 0 && checkTime(value[:at]+"+"+value[at+1:]) == nil {
		return plus
	}
	parts := writtenTime.FindStringSubmatch(value)
	if parts == nil {
		if value != "" && strings.Trim(value, "0123456789") == "" {
			return "; write a Unix time as a date and time"
		}
		return ""
	}
	separator, seconds, fraction, offset, zone := parts[1], parts[2], parts[3], parts[4], parts[5]
	if separator == "" {
		return "; add a time and an offset to the date"
	}
	var changes []string
	for _, rule := range []struct {
		broken bool
		change string
	}{
		{separator != "T", "write T between the date and the time"},
		{seconds == "", "add the seconds"},
		{strings.HasPrefix(fraction, ","), "write a point before the fraction of a second"},
		{offset == "", "add Z for UTC, or the offset, such as +01:00"},
		{strings.HasPrefix(offset, " "), "remove the space before the offset"},
		{strings.HasSuffix(offset, "z"), "write Z as a capital letter"},
		{strings.ContainsAny(offset, "+-") && !strings.Contains(offset, ":"), "write the offset as +01:00"},
		{zone != "", "remove the zone in brackets"},
	} {
		if rule.broken {
			changes = append(changes, rule.change)
		}
	}
	if len(changes) == 0 {
		return "; there is no such date, time or offset"
	}
	return "; " + strings.Join(changes, ", and ")
}
