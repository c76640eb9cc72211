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

// typeScript gives statements that use openapi-fetch.
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
	case c.empty():
		result = "{ error }"
	case !c.json():
		options = append(options, `parseAs: "text"`)
	}
	statement := before + "const " + result + " = await client." + c.Method + "(" + reference.Quote(c.Path)
	if len(options) > 0 {
		statement += ", {\n  " + strings.Join(options, ",\n  ") + ",\n}"
	}
	statement += ");\nif (error) throw new Error(" + typeScriptProblem(c) + ");"
	if !c.empty() {
		statement += "\nconsole.log(data);"
	}
	return statement
}

// typeScriptProblem says what went wrong: the code and the sentence, where every answer but success is a problem.
func typeScriptProblem(c call) string {
	for _, answer := range c.Answers {
		if answer.JSON() != nil && !answer.Success() {
			return "JSON.stringify(error)"
		}
	}
	return "`${error.code}: ${error.detail}`"
}

// typeScriptParameters gives the members of params: a group for each place that has something.
func typeScriptParameters(c call) []string {
	var groups []string
	for _, group := range []struct {
		name      string
		arguments []argument
	}{{"path", c.path}, {"query", c.query}, {"header", c.header}} {
		var members []string
		for _, a := range group.arguments {
			value := "crypto.randomUUID()"
			if !keyed(a.Parameter) {
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

// typeScriptGroup writes the members of an object on one line where they fit.
func typeScriptGroup(members []string, indent string) string {
	line := "{ " + strings.Join(members, ", ") + " }"
	if len(indent)+len(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	return "{\n" + indent + "  " + strings.Join(members, ",\n"+indent+"  ") + ",\n" + indent + "}"
}

// typeScriptText quotes a text with single quotes where it holds double ones.
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

// typeScriptLiteral writes a value as TypeScript does, its further lines indented.
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
