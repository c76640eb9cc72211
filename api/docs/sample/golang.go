package sample

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

const goSetup = `// import api "github.com/ai-interviewer-platform/interviewer/gen/client"
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

// golang returns statements for a function that has a ctx and returns an error.
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
	if len(statement) > goLineLength || strings.Contains(strings.TrimSuffix(statement, "\n"), "\n") {
		statement = "response, err := client." + method + "(ctx,\n\t" + strings.Join(arguments[1:], ",\n\t") + ",\n)\n"
	}
	return before + statement + "if err != nil {\n\treturn err\n}\n" + goResponse(c)
}

// goLineLength is the maximum length of a line, in bytes, that is not wrapped.
const goLineLength = 80

// takesParams reports whether the generated method has an argument for query parameters, headers and cookies.
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
		value := goOptional(a.Schema, a.value, a.Required, "\t\t")
		if isIdempotencyKey(a.Parameter) {
			value = "new(uuid.NewString())"
		}
		members = append(members, goMember{goName(a.Name), value})
	}
	if len(members) == 0 {
		return "nil"
	}
	return "&" + goComposite("api."+c.ID+"Params", members, "\t")
}

// goResponse checks the status of the response and prints the body.
func goResponse(c call) string {
	failed := "\treturn fmt.Errorf(\"%s: %s\", response.Status(), response.Body)\n}\n"
	if c.returnsJSON() {
		field := "response.JSON" + c.Success().Status
		return "if " + field + " == nil {\n" + failed + `fmt.Printf("%+v\n", *` + field + ")"
	}
	status, err := strconv.Atoi(c.Success().Status)
	if err != nil {
		return ""
	}
	name := strings.ReplaceAll(http.StatusText(status), " ", "")
	check := "if response.StatusCode() != http.Status" + name + " {\n" + failed
	if !c.returnsNothing() {
		check += "fmt.Printf(\"%s\\n\", response.Body)"
	}
	return check
}
