package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// response is the end of a file with one response, whose body is of the type Shown.
const response = `
type Get200JSONResponse struct { Body Shown }
func (r Get200JSONResponse) Visit() { r.Body.AppendJSON(nil) }
`

func TestMembers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ members, want string }{
		"required": {
			"A string `json:\"a\"`\nB int32 `json:\"b\"`",
			"dst = append(dst, `{\"a\":`...)\ndst = encoder.String(dst, v.A)\ndst = append(dst, `,\"b\":`...)\n" +
				"dst = encoder.Int(dst, v.B)\ndst = append(dst, '}')",
		},
		"optional first": {
			"A *ID `json:\"a,omitempty\"`\nB bool `json:\"b\"`",
			"dst = append(dst, '{')\nif v.A != nil {\ndst = encoder.Comma(dst)\ndst = append(dst, `\"a\":`...)\n" +
				"dst = encoder.UUID(dst, *v.A)\n}\ndst = encoder.Comma(dst)\ndst = append(dst, `\"b\":`...)\n" +
				"dst = encoder.Bool(dst, v.B)\ndst = append(dst, '}')",
		},
		"optional last": {
			"A Kind `json:\"a\"`\nB nullable.Nullable[time.Time] `json:\"b,omitzero\"`",
			"dst = append(dst, `{\"a\":`...)\ndst = encoder.String(dst, v.A)\nif v.B.IsSpecified() {\n" +
				"dst = append(dst, `,\"b\":`...)\nif v.B.IsNull() {\ndst = append(dst, \"null\"...)\n} else {\n" +
				"dst = encoder.Time(dst, v.B.OrZero())\n}\n}\ndst = append(dst, '}')",
		},
		"pointer": {
			"A *Shown `json:\"a\"`",
			"dst = append(dst, `{\"a\":`...)\nif v.A == nil {\ndst = append(dst, \"null\"...)\n} else {\n" +
				"dst = v.A.AppendJSON(dst)\n}\ndst = append(dst, '}')",
		},
		"lists": {
			"A []Kind `json:\"a\"`\nB []Shown `json:\"b,omitempty\"`",
			"dst = append(dst, `{\"a\":`...)\ndst = encoder.Strings(dst, v.A)\nif len(v.B) > 0 {\n" +
				"dst = append(dst, `,\"b\":`...)\nif v.B == nil {\ndst = append(dst, \"null\"...)\n} else {\n" +
				"dst = append(dst, '[')\nfor i, item := range v.B {\nif i > 0 {\ndst = append(dst, ',')\n}\n" +
				"dst = item.AppendJSON(dst)\n}\ndst = append(dst, ']')\n}\n}\ndst = append(dst, '}')",
		},
		"nothing": {"", "dst = append(dst, `{}`...)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := generated(t, "type Shown struct {\n"+test.members+"\n}")
			if err != nil {
				t.Fatal(err)
			}
			want := "func (v Shown) AppendJSON(dst []byte) []byte {\n" + test.want + "\nreturn dst\n}"
			if !strings.Contains(strings.ReplaceAll(got, "\t", ""), want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestUnknownTypes says which types fail generation, so that none fails a request.
func TestUnknownTypes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ shown, want string }{
		"another package":    {"type Shown struct {\nA json.RawMessage `json:\"a\"`\n}", "json.RawMessage is unknown"},
		"a union":            {"type Shown struct {\nunion json.RawMessage\n}", "not exported"},
		"embedded":           {"type Shown struct {\nOther\n}", "embedded"},
		"without a tag":      {"type Shown struct {\nA string\n}", "without a tag"},
		"another option":     {"type Shown struct {\nA int `json:\"a,string\"`\n}", "the tag of A is unknown"},
		"a name with quotes": {"type Shown struct {\nA int `json:\"a<b\"`\n}", "the tag of A is unknown"},
		"single precision":   {"type Shown struct {\nA float32 `json:\"a\"`\n}", "float32 is unknown"},
		"bytes":              {"type Shown struct {\nA []byte `json:\"a\"`\n}", "lists or bytes"},
		"an array":           {"type Shown struct {\nA [2]int `json:\"a\"`\n}", "is unknown"},
		"a map of texts":     {"type Shown struct {\nA map[string]string `json:\"a\"`\n}", "is unknown"},
		"a struct in place":  {"type Shown struct {\nA struct{} `json:\"a\"`\n}", "no name"},
		"omitted number":     {"type Shown struct {\nA int `json:\"a,omitempty\"`\n}", "omitempty of a int is unknown"},
		"omitempty of a nullable": {
			"type Shown struct {\nA nullable.Nullable[int] `json:\"a,omitempty\"`\n}", "omitempty of a nullable is unknown",
		},
		"in a list":   {"type Shown struct {\nA []Other `json:\"a\"`\n}\ntype Other struct {\nB chan int `json:\"b\"`\n}", "Other: b: "},
		"no name":     {"type Shown = []string\nfunc (r Get200JSONResponse) Other() { []string(r.Body).AppendJSON(nil) }", "named"},
		"not known":   {"", "Shown is not declared"},
		"not Go":      {"type", "parse"},
		"no response": {"type Get200JSONResponse int\n//", "no response"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := generated(t, test.shown)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// generated runs the command on a file with the given types, and returns what it writes.
func generated(t *testing.T, types string) (string, error) {
	t.Helper()
	folder := t.TempDir()
	for _, file := range []string{input, tested} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, file)), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	source := "package api\ntype Kind string\ntype ID = openapi_types.UUID\n" + types + response
	if strings.HasSuffix(types, "//") {
		source = "package api\n" + strings.TrimSuffix(types, "//")
	}
	if err := os.WriteFile(filepath.Join(folder, input), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(folder); err != nil {
		return "", err
	}
	written, err := os.ReadFile(filepath.Join(folder, output))
	return string(written), err
}
