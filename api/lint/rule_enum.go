package lint

import (
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	sortForm   = regexp.MustCompile(`^-?[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	actionForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)
)

func enumRules() []Rule {
	return []Rule{
		{
			"enums-are-snake-case",
			"Enum values are unique strings in lower_snake_case. Sort orders can begin with a minus, scopes are " +
				"resource:verb, and audit actions and types of events are resource.verb.",
			func(c *checker) {
				for _, s := range c.schemas {
					if s.Enum == nil {
						continue
					}
					c.require(s.Type.Is(openapi3.TypeString), s.pointer, "the type of an enum must be string")
					form := snakeForm
					switch {
					case strings.HasSuffix(s.name, "Sort"):
						form = sortForm
					case strings.HasSuffix(s.name, "Scope"):
						form = permissionForm
					case s.name == "AuditAction" || s.name == "EventType":
						form = actionForm
					}
					seen := map[any]bool{}
					for i, value := range s.Enum {
						text, isText := value.(string)
						at := s.pointer + "/enum/" + itoa(i)
						c.require(isText && form.MatchString(text), at, "%v must be a string in the form of this rule", value)
						c.require(!seen[text], at, "%v is a duplicate: remove it", value)
						seen[text] = true
					}
				}
			},
		},
		{
			"enums-are-extensible",
			"An enum in a response has x-extensible: true, because values can be added.",
			func(c *checker) {
				for _, s := range c.schemas {
					extensible, found := s.Extensions["x-extensible"]
					c.require(!found || len(s.Enum) > 0 && extensible == true, s.pointer,
						"x-extensible must be true, and is allowed only for enums")
					if len(s.Enum) > 0 && c.inResponse(s) {
						c.require(extensible == true, s.pointer, "the enum is used in responses: add x-extensible: true")
					}
				}
			},
		},
		{
			"enum-names-are-complete",
			"x-enum-varnames and x-enum-descriptions have one entry for each value.",
			func(c *checker) {
				for _, s := range c.schemas {
					for _, extension := range []string{"x-enum-varnames", "x-enum-descriptions"} {
						if entries, found := s.Extensions[extension]; found {
							list, _ := entries.([]any)
							c.require(len(list) == len(s.Enum), s.pointer+"/"+extension,
								"%d entries for %d values: the numbers must be equal", len(list), len(s.Enum))
						}
					}
				}
			},
		},
	}
}
