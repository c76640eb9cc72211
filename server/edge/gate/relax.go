package gate

import (
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// relax changes a decoded body where programs write the same thing in another way than the specification. It removes
// the space around email addresses. It removes optional members that are null although their schema does not permit
// that: the serializers of .NET and Java write null for a member that is not set. In a PATCH null means to remove a
// value (RFC 7396), so there it stays and is refused.
func (op *Operation) relax(body any) {
	relax(op.schema, body, op.Method != http.MethodPatch)
}

func relax(schema *openapi3.Schema, value any, dropNull bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, property := range schema.Properties {
			member, sent := value[name]
			written, isText := member.(string)
			switch {
			case !sent:
			case member == nil:
				if dropNull && !slices.Contains(schema.Required, name) && property.Value.VisitJSON(nil) != nil {
					delete(value, name)
				}
			case isText && property.Value.Format == "email":
				value[name] = text.Bare(written)
			default:
				relax(property.Value, member, dropNull)
			}
		}
	case []any:
		if schema.Items != nil {
			for _, element := range value {
				relax(schema.Items.Value, element, dropNull)
			}
		}
	}
}
