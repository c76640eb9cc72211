package gate

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// CheckPart holds some members of an object, as JSON has them, against a schema of the specification, and gives
// everything in which they differ, as the door would say it of a body. It is for what the door does not see because it
// arrives in an upload, where a part of an object may be all that is sent: members that the schema requires may be
// absent. That the specification has no such schema is a defect, and panics.
func (c *Contract) CheckPart(schema string, members map[string]any) []fault.Field {
	specified := c.schemas[schema]
	if specified == nil {
		panic(fmt.Sprintf("contract: the specification has no schema %q", schema))
	}
	part := *specified.Value
	part.Required, part.MinProps = nil, 0
	err := part.VisitJSON(members, openapi3.MultiErrors())
	if err == nil {
		return nil
	}
	f := fault.New(fault.MalformedRequest)
	explain(f, err, nil)
	return f.Fields()
}
