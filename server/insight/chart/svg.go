package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// finish makes the library's file one that stands alone. It gives it its size, and the title and description by which
// it is known to those who do not see it (SVG 2, section 5.8).
func finish(file []byte, height int, title, description string) ([]byte, error) {
	var out bytes.Buffer
	decoder, encoder := xml.NewDecoder(bytes.NewReader(file)), xml.NewEncoder(&out)
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the chart is no XML: %w", err)
		}
		start, begins := token.(xml.StartElement)
		switch {
		case !begins:
			err = encoder.EncodeToken(token)
		case start.Name.Local == "svg":
			err = begin(encoder, start, height, title, description)
		default:
			start.Attr = presentation(start.Attr)
			err = encoder.EncodeToken(start)
		}
		if err != nil {
			return nil, fmt.Errorf("the chart cannot be written: %w", err)
		}
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("the chart has no end: %w", err)
	}
	return out.Bytes(), nil
}

// begin writes the outermost element, and what stands first in it.
func begin(encoder *xml.Encoder, svg xml.StartElement, height int, title, description string) error {
	svg.Attr = append(presentation(svg.Attr), attribute("width", strconv.Itoa(width)),
		attribute("height", strconv.Itoa(height)), attribute("role", "img"))
	if err := encoder.EncodeToken(svg); err != nil {
		return err
	}
	if err := encoder.EncodeElement(title, element("title")); err != nil {
		return err
	}
	return encoder.EncodeElement(description, element("desc"))
}

// presentation writes each style as an attribute of its own (SVG 2, section 6.6). A page's Content-Security-Policy may
// forbid style attributes, and without them all is black. Namespaces that only their declaration names are left out.
func presentation(attributes []xml.Attr) []xml.Attr {
	var kept []xml.Attr
	for _, a := range attributes {
		switch {
		case a.Name.Space != "":
		case a.Name.Local == "style":
			for declaration := range strings.SplitSeq(a.Value, ";") {
				property, value, _ := strings.Cut(declaration, ":")
				kept = append(kept, attribute(property, value))
			}
		default:
			kept = append(kept, attribute(a.Name.Local, strings.ReplaceAll(a.Value, "\n", " ")))
		}
	}
	return kept
}

func attribute(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

func element(name string) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}}
}
