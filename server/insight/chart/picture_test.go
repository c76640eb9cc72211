package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// picture is the content of an SVG file.
type picture struct {
	attributes         map[string]string // of the svg element
	title, description string
	texts              []text
	bars               []bar // from top to bottom
	paths              int   // number of all paths, including the background and the bars
}

type (
	text struct {
		x, y    int
		content string
	}
	bar struct{ left, top, right, bottom int }
)

// failer has the methods that testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

// barColor is the fill color of the bars.
const barColor = "rgb(84,112,198)"

// parse parses an SVG file. It fails for every element and attribute that is not listed here as harmless, so that the
// file cannot run or load anything.
func parse(t failer, file []byte) picture {
	t.Helper()
	allowed := map[string]string{
		"svg": "xmlns viewBox width height role", "title": "", "desc": "",
		"path": "d stroke stroke-width fill", "text": "x y stroke fill font-size font-family",
	}
	decoder := xml.NewDecoder(bytes.NewReader(file))
	var parsed picture
	var open []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("parse %s: %v", file, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			known, ok := allowed[name]
			if !ok || (len(open) > 0) != (name != "svg") || len(open) > 1 {
				t.Fatalf("<%s> inside %v", name, open)
			}
			open = append(open, name)
			attributes := map[string]string{}
			for _, a := range token.Attr {
				attributes[a.Name.Local] = a.Value
				if !slices.Contains(strings.Fields(known), a.Name.Local) || strings.ContainsAny(a.Value, "&<>\"@\\") ||
					strings.Contains(a.Value, "url") {
					t.Fatalf("<%s> has %s=%q", name, a.Name.Local, a.Value)
				}
			}
			parsed.start(t, name, attributes)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			parsed.addText(open, string(token))
		default:
			t.Fatalf("got a token of type %T in %s", token, file)
		}
	}
	return parsed
}

func (p *picture) start(t failer, name string, attributes map[string]string) {
	switch name {
	case "svg":
		p.attributes = attributes
	case "text":
		var element text
		if n, err := fmt.Sscan(attributes["x"]+" "+attributes["y"], &element.x, &element.y); n != 2 {
			t.Fatalf("parse position of text %v: %v", attributes, err)
		}
		p.texts = append(p.texts, element)
	case "path":
		p.paths++
		var b bar
		n, _ := fmt.Sscanf(attributes["d"], "M %d %d L %d %d L %d %d",
			&b.left, &b.top, &b.right, new(int), new(int), &b.bottom)
		if n == 6 && attributes["fill"] == barColor {
			p.bars = append(p.bars, b)
		}
	}
	slices.SortStableFunc(p.bars, func(a, b bar) int { return a.top - b.top })
}

// addText adds character data to the innermost open element.
func (p *picture) addText(open []string, data string) {
	switch open[len(open)-1] {
	case "title":
		p.title += data
	case "desc":
		p.description += data
	case "text":
		p.texts[len(p.texts)-1].content += data
	}
}

// row returns the texts beside a bar, from left to right.
func (p *picture) row(b bar) []string {
	var found []text
	for _, text := range p.texts {
		if b.top <= text.y && text.y <= b.bottom {
			found = append(found, text)
		}
	}
	slices.SortFunc(found, func(a, b text) int { return a.x - b.x })
	var words []string
	for _, text := range found {
		words = append(words, text.content)
	}
	return words
}
