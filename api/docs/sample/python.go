package sample

import (
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

const pythonSetup = `# pip install httpx
import os
import uuid

import httpx

client = httpx.Client(
    base_url=os.environ["API_URL"],
    headers={"Authorization": f"Bearer {os.environ['API_KEY']}"},
)`

// python returns statements that use httpx.
func python(c call) string {
	arguments := []string{reference.Quote(c.target())}
	if len(c.query) > 0 {
		query := reference.Value{Kind: reference.Object}
		for _, a := range c.query {
			query.Members = append(query.Members, reference.Member{Name: a.Name, Value: a.value})
		}
		arguments = append(arguments, "params="+pythonLiteral(query, "    "))
	}
	var headers []string
	for _, a := range c.header {
		value := "str(uuid.uuid4())"
		if !isIdempotencyKey(a.Parameter) {
			value = pythonText(a.value.Text)
		}
		headers = append(headers, reference.Quote(a.Name)+": "+value)
	}
	file := c.file()
	if file != "" {
		headers = append(headers, `"Content-Type": `+reference.Quote(c.body.Type))
	}
	if len(headers) > 0 {
		arguments = append(arguments, "headers={"+strings.Join(headers, ", ")+"}")
	}
	switch {
	case file != "":
		arguments = append(arguments, "content=file")
	case c.body != nil:
		arguments = append(arguments, "json="+pythonLiteral(c.body.Sample(), "    "))
	}
	method := strings.ToLower(c.Method)
	statement := "response = client." + method + "(" + strings.Join(arguments, ", ") + ")\n"
	if len(statement) > lineLength || strings.Contains(statement[:len(statement)-1], "\n") {
		statement = "response = client." + method + "(\n    " + strings.Join(arguments, ",\n    ") + ",\n)\n"
	}
	if file != "" {
		statement = "with open(" + reference.Quote(file) + ", \"rb\") as file:\n    " +
			strings.ReplaceAll(strings.TrimSuffix(statement, "\n"), "\n", "\n    ") + "\n"
	}
	statement += "response.raise_for_status()\n"
	switch {
	case c.returnsJSON():
		statement += "print(response.json())"
	case !c.returnsNothing():
		statement += "print(response.text)"
	}
	return statement
}

// pythonText quotes a string. It uses single quotes if the string contains double quotes.
func pythonText(text string) string {
	if strings.Contains(text, `"`) && !strings.ContainsAny(text, `'\`) {
		return "'" + text + "'"
	}
	return reference.Quote(text)
}

// pythonLiteral formats a value. Lines after the first are indented.
func pythonLiteral(v reference.Value, indent string) string {
	switch v.Kind {
	case reference.Text:
		return reference.Quote(v.Text)
	case reference.Number:
		return v.Text
	case reference.Bool:
		return map[string]string{"true": "True", "false": "False"}[v.Text]
	case reference.List, reference.Object:
		style := notation{step: "    ", literal: pythonLiteral, key: reference.Quote}
		return style.write(v, indent)
	default:
		return "None"
	}
}
