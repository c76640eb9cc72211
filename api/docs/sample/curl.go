package sample

import (
	"net/url"
	"strings"
)

const curlSetup = `export API_URL=https://interviewer.example
export API_KEY=aip_test_…`

// curl returns a command for a POSIX shell.
func curl(c call) string {
	head := "curl"
	if c.Method != "GET" {
		head += " -X " + c.Method
	}
	if c.returnsFile() {
		head += " -OJ"
	}
	target := `"$API_URL` + c.target()
	for i, a := range c.query {
		separator := "&"
		if i == 0 {
			separator = "?"
		}
		for _, text := range a.value.Texts() {
			target += separator + a.Name + "=" + url.QueryEscape(text)
		}
	}
	lines := []string{head + " " + target + `"`}
	if !c.Public() {
		lines = append(lines, `-H "Authorization: Bearer $API_KEY"`)
	}
	for _, a := range c.header {
		if isIdempotencyKey(a.Parameter) {
			lines = append(lines, `-H "Idempotency-Key: $(uuidgen)"`)
			continue
		}
		lines = append(lines, "-H "+shell(a.Name+": "+a.value.Text))
	}
	if c.body != nil {
		lines = append(lines, "-H "+shell("Content-Type: "+c.body.Type))
		if file := c.file(); file != "" {
			lines = append(lines, "--data-binary @"+file)
		} else {
			// JSON strings contain no line breaks, so indenting the lines does not change them.
			lines = append(lines, "-d "+shell(strings.ReplaceAll(c.body.Sample().JSON(), "\n", "\n  ")))
		}
	}
	return strings.Join(lines, " \\\n  ")
}

// shell quotes a string for a POSIX shell.
func shell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
