package lint

import (
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	orderForm = regexp.MustCompile(`^-?[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	actForm   = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)
)

func enumRules() []Rule {
	return []Rule{
		{
			"enums-are-snake-case",
			"An enum is of texts in lower_snake_case, none twice or null; orders may have a minus, scopes are resource:verb, " +
				"and what the audit log records is resource.verb.",
			func(l *look) {
				for _, s := range l.schemas {
					if s.Enum == nil {
						continue
					}
					l.ask(s.Type.Is(openapi3.TypeString), s.pointer, "is no enum of texts alone")
					form := snakeForm
					switch {
					case strings.HasSuffix(s.name, "Sort"):
						form = orderForm
					case strings.HasSuffix(s.name, "Scope"):
						form = permissionForm
					case s.name == "AuditAction":
						form = actForm
					}
					seen := map[any]bool{}
					for i, value := range s.Enum {
						text, isText := value.(string)
						l.ask(isText && form.MatchString(text), s.pointer+"/enum/"+itoa(i), "%v is not lower_snake_case", value)
						l.ask(!seen[text], s.pointer+"/enum/"+itoa(i), "%v stands twice", value)
						seen[text] = true
					}
				}
			},
		},
		{
			"enums-are-extensible",
			"An enum that answers hold says that values may be added: x-extensible: true.",
			func(l *look) {
				for _, s := range l.schemas {
					extensible, stated := s.Extensions["x-extensible"]
					l.ask(!stated || len(s.Enum) > 0 && extensible == true, s.pointer, "x-extensible: true belongs to enums")
					if len(s.Enum) > 0 && l.received(s) {
						l.ask(extensible == true, s.pointer, "does not say that values may be added")
					}
				}
			},
		},
		{
			"enum-names-fit",
			"Names or descriptions of an enum's values are as many as the values.",
			func(l *look) {
				for _, s := range l.schemas {
					for _, extension := range []string{"x-enum-varnames", "x-enum-descriptions"} {
						if stated, found := s.Extensions[extension]; found {
							list, _ := stated.([]any)
							l.ask(len(list) == len(s.Enum), s.pointer+"/"+extension,
								"has %d entries for %d values", len(list), len(s.Enum))
						}
					}
				}
			},
		},
	}
}
