package docs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// How far the members of members are shown where a schema is used.
const (
	flat = 0
	deep = 3
)

// fields lists the members of an object: what a reader writes is shown down to a depth, what they read links further.
func (b *book) fields(s *reference.Schema, depth int) markup {
	if len(s.Properties) == 0 && s.Open {
		return `<p class="quiet">Any members.</p>`
	}
	return fill("<ul class=\"fields\">\n{fields}</ul>", values{
		"fields": joined(s.Properties, func(p *reference.Property) markup {
			return b.field(p.Name, p.Schema, p.Schema.Description, presence(p.Required, s.Closed), p.Schema.Deprecated, depth)
		}),
	})
}

// parameters lists what a request carries besides its body.
func (b *book) parameters(all []*reference.Parameter) markup {
	return fill("<ul class=\"fields\">\n{fields}</ul>", values{
		"fields": joined(all, func(p *reference.Parameter) markup {
			return b.field(p.Name, p.Schema, p.Description, presence(p.Required, true), p.Deprecated, flat)
		}),
	})
}

// headers lists the headers of an answer.
func (b *book) headers(all []*reference.Parameter) markup {
	return fill("<ul class=\"fields\">\n{fields}</ul>", values{
		"fields": joined(all, func(p *reference.Parameter) markup {
			return b.field(p.Name, p.Schema, p.Description, presence(p.Required, false), p.Deprecated, flat)
		}),
	})
}

// presence tells those who send what they must not leave out, and those who read what may not be there.
func presence(required, sent bool) markup {
	switch {
	case sent && required:
		return ` <span class="required">required</span>`
	case !sent && !required:
		return ` <span class="type">may be absent</span>`
	}
	return ""
}

func (b *book) field(
	name string, s *reference.Schema, description string, marks markup, deprecated bool, depth int,
) markup {
	if deprecated {
		marks += ` <span class="old">deprecated</span>`
	}
	nested := markup("")
	if object := members(s); object != nil && depth > flat {
		nested = fill("<details open><summary>Members of <code>{name}</code></summary>\n{fields}\n</details>",
			values{"name": name, "fields": b.fields(object, depth-1)})
	}
	return fill(fieldItem, values{
		"name": name, "type": b.typed(s), "marks": marks, "description": b.told(description),
		"bounds": b.bounds(s), "nested": nested,
	})
}

// members gives the object whose members are worth showing: the schema, or what a list of it holds.
func members(s *reference.Schema) *reference.Schema {
	if s.Type == "array" && s.Items != nil {
		s = s.Items
	}
	if len(s.Properties) == 0 {
		return nil
	}
	return s
}

// plainType is the type in words, without names.
func plainType(s *reference.Schema) string {
	word := s.Type
	switch {
	case len(s.OneOf) > 0:
		word = "one of several"
	case s.Type == "":
		word = "any value"
	case s.Type == "array" && s.Items != nil:
		word = "list of " + plainType(s.Items)
	case len(s.Enum) > 0:
		word = "enum"
	case s.Type == "string" && s.Format != "":
		word = s.Format
	}
	if s.Nullable {
		word += " or null"
	}
	return word
}

// typed is the type in words, with the name of the schema where it has one.
func (b *book) typed(s *reference.Schema) markup {
	words := fill("{type}", values{"type": plainType(s)})
	named := s
	for named.Name == "" && named.Type == "array" && named.Items != nil {
		named = named.Items
	}
	if named.Name != "" {
		words += " · " + fill(`<a href="{path}#{name}">{name}</a>`, values{"path": schemasPath, "name": named.Name})
	}
	return words
}

// bounds says in words what limits the values, and lists those of an enum.
func (b *book) bounds(s *reference.Schema) markup {
	var said []markup
	if s.Type == "array" && s.Items != nil {
		said = append(limits(s), prefixed("each ", limits(s.Items))...)
		if len(s.Items.Enum) > 0 {
			return lined(said) + enumerated(s.Items)
		}
		return lined(said)
	}
	return lined(limits(s)) + enumerated(s)
}

func prefixed(word string, all []markup) []markup {
	if len(all) == 0 {
		return nil
	}
	return append([]markup{markup(word) + all[0]}, all[1:]...)
}

func lined(said []markup) markup {
	if len(said) == 0 {
		return ""
	}
	parts := make([]string, len(said))
	for i, one := range said {
		parts[i] = string(one)
	}
	return markup(`<p class="bounds">` + strings.Join(parts, " · ") + "</p>\n")
}

// limits gives each bound of a schema in words.
func limits(s *reference.Schema) []markup {
	var said []markup
	between := func(least, most, one, several string) {
		if words := rangeOf(s.Bound(least).Text, s.Bound(most).Text, one, several); words != "" {
			said = append(said, fill("{words}", values{"words": words}))
		}
	}
	// The length of an id or a time says nothing that its format does not.
	if s.Format != "uuid" && s.Format != "date-time" {
		between("minLength", "maxLength", "character", "characters")
	}
	between("minItems", "maxItems", "entry", "entries")
	between("minProperties", "maxProperties", "member", "members")
	between("minimum", "maximum", "", "")
	for _, bound := range s.Bounds {
		switch bound.Name {
		case "uniqueItems":
			said = append(said, "none twice")
		case "pattern":
			said = append(said, patterned(bound.Value.Text))
		case "exclusiveMinimum":
			said = append(said, fill("more than {n}", values{"n": bound.Value.Text}))
		case "exclusiveMaximum":
			said = append(said, fill("less than {n}", values{"n": bound.Value.Text}))
		case "multipleOf":
			said = append(said, fill("a multiple of {n}", values{"n": bound.Value.Text}))
		}
	}
	if s.Default.Has() {
		said = append(said, fill("default <code>{default}</code>", values{"default": s.Default.Compact()}))
	}
	return said
}

// patterned says what a pattern asks for; one that asks for anything but blanks, in words.
func patterned(pattern string) markup {
	if pattern == `\S` {
		return "not blank"
	}
	return fill("matches <code>{pattern}</code>", values{"pattern": pattern})
}

// rangeOf says between which numbers something is; empty where neither is given.
func rangeOf(least, most, one, several string) string {
	unit := func(n string) string {
		switch {
		case several == "":
			return grouped(n)
		case n == "1":
			return "1 " + one
		}
		return grouped(n) + " " + several
	}
	switch {
	case least == most && least != "":
		return unit(least)
	case least != "" && most != "":
		return grouped(least) + "–" + unit(most)
	case least != "":
		return "at least " + unit(least)
	case most != "":
		return "at most " + unit(most)
	}
	return ""
}

// grouped writes a large whole number with a comma before every three digits.
func grouped(n string) string {
	if _, err := strconv.ParseUint(n, 10, 64); err != nil || len(n) < 5 {
		return n
	}
	for at := len(n) - 3; at > 0; at -= 3 {
		n = n[:at] + "," + n[at:]
	}
	return n
}

// enumerated lists the values of an enum, with what they mean where the specification says it.
func enumerated(s *reference.Schema) markup {
	if len(s.Enum) == 0 {
		return ""
	}
	described := len(s.EnumDescriptions) == len(s.Enum)
	list := "<ul class=\"values\">\n{values}</ul>"
	if described {
		list = "<ul class=\"values described\">\n{values}</ul>"
	}
	return fill(list, values{"values": joined(slices.Collect(count(len(s.Enum))), func(i int) markup {
		meaning := ""
		if described {
			meaning = s.EnumDescriptions[i]
		}
		return fill("<li><code>{value}</code> {meaning}</li>", values{"value": s.Enum[i].Text, "meaning": meaning})
	})})
}

func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}
