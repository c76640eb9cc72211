package sample

import (
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

const typeScriptSetup = `// npm install openapi-fetch
// npx openapi-typescript "$API_URL/openapi.json" \
//   --default-non-nullable=false --output interviewer.ts
import createClient from "openapi-fetch";
import type { paths } from "./interviewer";

const client = createClient<paths>({
  baseUrl: process.env.API_URL,
  headers: { Authorization: ` + "`Bearer ${process.env.API_KEY}`" + ` },
});`

// typeScript returns statements that use openapi-fetch.
func typeScript(c call) string {
	var options []string
	if groups := typeScriptParameters(c); len(groups) > 0 {
		options = append(options, "params: "+typeScriptGroup(groups, "  "))
	}
	before := ""
	if file := c.file(); file != "" {
		before = "import { readFile } from \"node:fs/promises\";\n\n" +
			"const file = await readFile(" + reference.Quote(file) + ", \"utf8\");\n"
		options = append(options, "headers: { \"Content-Type\": "+reference.Quote(c.body.Type)+" }",
			"body: file", "bodySerializer: (text) => text")
	} else if c.body != nil {
		options = append(options, "body: "+typeScriptLiteral(c.body.Sample(), "  "))
	}
	result := "{ data, error }"
	switch {
	case c.returnsNothing():
		result = "{ error }"
	case !c.returnsJSON():
		options = append(options, `parseAs: "text"`)
	}
	statement := before + "const " + result + " = await client." + c.Method + "(" + reference.Quote(c.Path)
	if len(options) > 0 {
		statement += ", {\n  " + strings.Join(options, ",\n  ") + ",\n}"
	}
	statement += ");\nif (error) throw new Error(" + typeScriptProblem(c) + ");"
	if !c.returnsNothing() {
		statement += "\nconsole.log(data);"
	}
	return statement
}

// typeScriptProblem returns an expression that describes the error: its code and detail if all errors are problem
// documents, otherwise the whole body.
func typeScriptProblem(c call) string {
	for _, response := range c.Responses {
		if response.JSON() != nil && !response.IsSuccess() {
			return "JSON.stringify(error)"
		}
	}
	return "`${error.code}: ${error.detail}`"
}

// typeScriptParameters returns the members of params: one for each parameter location that the call uses.
func typeScriptParameters(c call) []string {
	var groups []string
	for _, group := range []struct {
		name      string
		arguments []argument
	}{{"path", c.path}, {"query", c.query}, {"header", c.header}} {
		var members []string
		for _, a := range group.arguments {
			value := "crypto.randomUUID()"
			if !isIdempotencyKey(a.Parameter) {
				value = typeScriptText(a.value)
			}
			members = append(members, typeScriptKey(a.Name)+": "+value)
		}
		if len(members) > 0 {
			groups = append(groups, group.name+": "+typeScriptGroup(members, "    "))
		}
	}
	return groups
}

// typeScriptGroup formats an object with the given members, on one line if it fits.
func typeScriptGroup(members []string, indent string) string {
	line := "{ " + strings.Join(members, ", ") + " }"
	if len(indent)+len(line) <= lineLength && !strings.Contains(line, "\n") {
		return line
	}
	return "{\n" + indent + "  " + strings.Join(members, ",\n"+indent+"  ") + ",\n" + indent + "}"
}

// typeScriptText formats a value. It uses single quotes for a string that contains double quotes.
func typeScriptText(v reference.Value) string {
	if v.Kind == reference.Text {
		return pythonText(v.Text)
	}
	return typeScriptLiteral(v, "    ")
}

func typeScriptKey(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return reference.Quote(name)
}

// typeScriptLiteral formats a value. Lines after the first are indented.
func typeScriptLiteral(v reference.Value, indent string) string {
	switch v.Kind {
	case reference.Text:
		return reference.Quote(v.Text)
	case reference.Number, reference.Bool:
		return v.Text
	case reference.List, reference.Object:
		style := notation{step: "  ", pad: " ", literal: typeScriptLiteral, key: typeScriptKey}
		return style.write(v, indent)
	default:
		return "null"
	}
}
