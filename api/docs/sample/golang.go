package sample

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

const goSetup = `// import "github.com/ai-interviewer-platform/interviewer/gen/api"
authorize := func(_ context.Context, request *http.Request) error {
	request.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
	return nil
}
client, err := api.NewClientWithResponses(os.Getenv("API_URL"),
	api.WithRequestEditorFn(authorize),
)
if err != nil {
	return err
}`

// golang gives statements of a function that has a context and returns an error.
func golang(c call) string {
	arguments := []string{"ctx"}
	for _, a := range c.path {
		arguments = append(arguments, goLiteral(a.Schema, a.value, "\t"))
	}
	if takesParams(c.Operation) {
		arguments = append(arguments, goParams(c))
	}
	method, before := c.ID+"WithResponse", ""
	if file := c.file(); file != "" {
		method = c.ID + "WithBodyWithResponse"
		before = "file, err := os.Open(" + strconv.Quote(file) + ")\nif err != nil {\n\treturn err\n}\ndefer file.Close()\n"
		arguments = append(arguments, strconv.Quote(c.body.Type), "file")
	} else if c.body != nil {
		arguments = append(arguments, goLiteral(c.body.Schema, c.body.Sample(), "\t"))
	}
	statement := "response, err := client." + method + "(" + strings.Join(arguments, ", ") + ")\n"
	if len(statement) > goWidest || strings.Contains(strings.TrimSuffix(statement, "\n"), "\n") {
		statement = "response, err := client." + method + "(ctx,\n\t" + strings.Join(arguments[1:], ",\n\t") + ",\n)\n"
	}
	return before + statement + "if err != nil {\n\treturn err\n}\n" + goAnswer(c)
}

const goWidest = 80

// takesParams reports whether the generated method has an argument for what is neither in the path nor in the body.
func takesParams(o *reference.Operation) bool {
	for _, p := range o.Parameters {
		if p.In != "path" {
			return true
		}
	}
	return false
}

func goParams(c call) string {
	var members []goMember
	for _, a := range append(c.query, c.header...) {
		var value string
		switch {
		case keyed(a.Parameter):
			value = "uuid.NewString()"
		default:
			value = goLiteral(a.Schema, a.value, "\t\t")
		}
		if !a.Required && !goContainer(a.Schema) {
			value = goPointer(a.Schema, value)
		}
		members = append(members, goMember{goName(a.Name), value})
	}
	if len(members) == 0 {
		return "nil"
	}
	return "&" + goComposite("api."+c.ID+"Params", members, "\t")
}

// goAnswer tells success from failure, and prints what there is.
func goAnswer(c call) string {
	failed := "\treturn fmt.Errorf(\"%s: %s\", response.Status(), response.Body)\n}\n"
	if c.json() {
		field := "response.JSON" + c.Done().Status
		return "if " + field + " == nil {\n" + failed + `fmt.Printf("%+v\n", *` + field + ")"
	}
	status, err := strconv.Atoi(c.Done().Status)
	if err != nil {
		return ""
	}
	told := "if response.StatusCode() != http.Status" + strings.ReplaceAll(http.StatusText(status), " ", "") + " {\n" + failed
	if !c.empty() {
		told += "fmt.Printf(\"%s\\n\", response.Body)"
	}
	return told
}

// goMember is a field of a composite literal.
type goMember struct{ name, value string }

// goComposite writes a composite literal as gofmt does: on one line where it fits, else aligned.
func goComposite(typ string, members []goMember, indent string) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = m.name + ": " + m.value
	}
	line := typ + "{" + strings.Join(parts, ", ") + "}"
	if len(members) <= 2 && len(indent)+len(line) <= goWidest && !strings.Contains(line, "\n") {
		return line
	}
	var written strings.Builder
	written.WriteString(typ + "{\n")
	for i, m := range members {
		// Neighbours are aligned as long as each stands on one line.
		width := 0
		for _, run := range [][]goMember{members[i:], reversed(members[:i+1])} {
			for _, other := range run {
				if strings.Contains(m.value, "\n") || strings.Contains(other.value, "\n") {
					break
				}
				width = max(width, len(other.name))
			}
		}
		padding := strings.Repeat(" ", max(width-len(m.name), 0))
		written.WriteString(indent + "\t" + m.name + ": " + padding + m.value + ",\n")
	}
	written.WriteString(indent + "}")
	return written.String()
}

func reversed(members []goMember) []goMember {
	var turned []goMember
	for i := len(members) - 1; i >= 0; i-- {
		turned = append(turned, members[i])
	}
	return turned
}

// goLiteral writes a value as the generated types have it.
func goLiteral(s *reference.Schema, v reference.Value, indent string) string {
	if s.Nullable {
		plain := *s
		plain.Nullable = false
		if v.Kind == reference.Null {
			return "nullable.NewNullNullable[" + goType(&plain) + "]()"
		}
		return "nullable.NewNullableWithValue(" + goTyped(&plain, v, indent) + ")"
	}
	switch {
	case len(s.Enum) > 0:
		return "api." + s.Name + goEnum(s, v)
	case s.Type == "array":
		return goList(s, v, indent)
	case s.Type == "object":
		return goObject(s, v, indent)
	case s.Format == "uuid":
		return "uuid.MustParse(" + strconv.Quote(v.Text) + ")"
	case s.Format == "date-time":
		return goTime(v.Text)
	case v.Kind == reference.Text:
		return goQuote(v.Text)
	}
	return v.Text
}

// goTyped is a literal whose type can be told from it.
func goTyped(s *reference.Schema, v reference.Value, indent string) string {
	literal := goLiteral(s, v, indent)
	switch goType(s) {
	case "string", "bool", "int", "float64":
		return literal
	}
	if s.Type == "string" && s.Format == "" && len(s.Enum) == 0 {
		return literal
	}
	if s.Format == "email" || s.Type == "integer" || s.Type == "number" {
		return goType(s) + "(" + literal + ")"
	}
	return literal
}

// goPointer gives a pointer to what a literal says.
func goPointer(s *reference.Schema, literal string) string {
	switch {
	case s.Type == "object":
		return "&" + literal
	case s.Format == "email", s.Type == "integer", s.Type == "number":
		return "new(" + goType(s) + "(" + literal + "))"
	}
	return "new(" + literal + ")"
}

// goContainer reports whether absence needs no pointer.
func goContainer(s *reference.Schema) bool {
	return s.Nullable || s.Type == "array" && !s.GoPointer || s.Type == "object" && s.Open
}

func goList(s *reference.Schema, v reference.Value, indent string) string {
	typ := "[]" + goType(s.Items)
	var parts []string
	for _, item := range v.Items {
		literal := goLiteral(s.Items, item, indent+"\t")
		if s.Items.Type == "object" && !s.Items.Open {
			literal = strings.TrimPrefix(literal, goType(s.Items))
		}
		parts = append(parts, literal)
	}
	line := typ + "{" + strings.Join(parts, ", ") + "}"
	if len(indent)+len(line) <= goWidest && !strings.Contains(line, "\n") {
		return line
	}
	return typ + "{\n" + indent + "\t" + strings.Join(parts, ",\n"+indent+"\t") + ",\n" + indent + "}"
}

func goObject(s *reference.Schema, v reference.Value, indent string) string {
	var members []goMember
	if s.Open {
		for _, m := range v.Members {
			members = append(members, goMember{strconv.Quote(m.Name), goAny(m.Value)})
		}
		return goComposite("map[string]any", members, indent)
	}
	for _, m := range v.Members {
		property := s.Property(m.Name)
		literal := goLiteral(property.Schema, m.Value, indent+"\t")
		if !property.Required && !goContainer(property.Schema) {
			literal = goPointer(property.Schema, literal)
		}
		members = append(members, goMember{goName(m.Name), literal})
	}
	return goComposite(goType(s), members, indent)
}

// goAny writes a value of no known type.
func goAny(v reference.Value) string {
	switch v.Kind {
	case reference.Text:
		return goQuote(v.Text)
	case reference.Number, reference.Bool:
		return v.Text
	case reference.List:
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			parts[i] = goAny(item)
		}
		return "[]any{" + strings.Join(parts, ", ") + "}"
	case reference.Object:
		var members []goMember
		for _, m := range v.Members {
			members = append(members, goMember{strconv.Quote(m.Name), goAny(m.Value)})
		}
		return goComposite("map[string]any", members, "\t\t")
	default:
		return "nil"
	}
}

// goTime writes a time, in UTC.
func goTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return strconv.Quote(text)
	}
	at = at.UTC()
	return fmt.Sprintf("time.Date(%d, time.%s, %d, %d, %d, %d, 0, time.UTC)",
		at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second())
}

// goQuote quotes a text, raw where that is easier to read.
func goQuote(text string) string {
	if strings.Contains(text, `"`) && strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}
