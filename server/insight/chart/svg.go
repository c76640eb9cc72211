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

// finish makes the library's SVG file self-contained and accessible: it adds the size, and the title and description
// that assistive technology uses (SVG 2, section 5.8), and replaces style attributes.
func finish(file []byte, height int, title, description string) ([]byte, error) {
	var out bytes.Buffer
	decoder, encoder := xml.NewDecoder(bytes.NewReader(file)), xml.NewEncoder(&out)
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("parse chart: %w", err)
		}
		start, isStart := token.(xml.StartElement)
		switch {
		case !isStart:
			err = encoder.EncodeToken(token)
		case start.Name.Local == "svg":
			err = encodeRoot(encoder, start, height, title, description)
		default:
			start.Attr = presentation(start.Attr)
			err = encoder.EncodeToken(start)
		}
		if err != nil {
			return nil, fmt.Errorf("encode chart: %w", err)
		}
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("encode end of chart: %w", err)
	}
	return out.Bytes(), nil
}

// encodeRoot writes the start of the svg element, followed by its title and description.
func encodeRoot(encoder *xml.Encoder, svg xml.StartElement, height int, title, description string) error {
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

// presentation replaces a style attribute by one presentation attribute for each property (SVG 2, section 6.6). Our
// Content-Security-Policy forbids style attributes, and without them everything would be black. It omits attributes
// with a namespace prefix, such as xmlns:xlink, which nothing in the file uses.
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
