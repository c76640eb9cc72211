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

// picture is what a viewer makes of a file.
type picture struct {
	attributes         map[string]string
	title, description string
	texts              []text
	bars               []bar // from above
	paths              int   // all that is drawn, with the background and the bars
}

type (
	text struct {
		x, y int
		is   string
	}
	bar struct{ left, top, right, bottom int }
)

// fataler is the part of testing.T that rapid.T has too.
type fataler interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

// blue is the colour of the bars.
const blue = "rgb(84,112,198)"

// look reads a file. It fails for every element and attribute that it does not know to be harmless, so nothing can be
// among them that runs, or that fetches something.
func look(t fataler, file []byte) picture {
	t.Helper()
	allowed := map[string]string{
		"svg": "xmlns viewBox width height role", "title": "", "desc": "",
		"path": "d stroke stroke-width fill", "text": "x y stroke fill font-size font-family",
	}
	decoder := xml.NewDecoder(bytes.NewReader(file))
	var seen picture
	var open []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, file)
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
				if !slices.Contains(strings.Fields(known), a.Name.Local) || strings.ContainsAny(a.Value, "&<>\"@\\") || strings.Contains(a.Value, "url") {
					t.Fatalf("<%s> has %s=%q", name, a.Name.Local, a.Value)
				}
			}
			seen.start(t, name, attributes)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			seen.say(open, string(token))
		default:
			t.Fatalf("%T in %s", token, file)
		}
	}
	return seen
}

func (p *picture) start(t fataler, name string, attributes map[string]string) {
	switch name {
	case "svg":
		p.attributes = attributes
	case "text":
		var written text
		if n, err := fmt.Sscan(attributes["x"]+" "+attributes["y"], &written.x, &written.y); n != 2 {
			t.Fatalf("a text at %v: %v", attributes, err)
		}
		p.texts = append(p.texts, written)
	case "path":
		p.paths++
		var b bar
		if n, _ := fmt.Sscanf(attributes["d"], "M %d %d L %d %d L %d %d", &b.left, &b.top, &b.right, new(int), new(int), &b.bottom); n == 6 && attributes["fill"] == blue {
			p.bars = append(p.bars, b)
		}
	}
	slices.SortStableFunc(p.bars, func(a, b bar) int { return a.top - b.top })
}

func (p *picture) say(open []string, said string) {
	switch open[len(open)-1] {
	case "title":
		p.title += said
	case "desc":
		p.description += said
	case "text":
		p.texts[len(p.texts)-1].is += said
	}
}

// row lists the texts at the height of a bar, from the left.
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
		words = append(words, text.is)
	}
	return words
}
