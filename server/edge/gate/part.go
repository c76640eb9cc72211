package gate

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// CheckPart validates members of an object against a schema of the specification, and returns every violation as the
// gate would describe it for a body. It is for the rows of an upload, which the gate does not see. A row may have only
// part of the object, so members that the schema requires may be absent. A schema that the specification does not have
// is a defect, and panics.
func (c *Contract) CheckPart(schema string, members map[string]any) []fault.Field {
	specified := c.schemas[schema]
	if specified == nil {
		panic(fmt.Sprintf("gate: the specification has no schema %q", schema))
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

// Permit returns an error unless an actor has a permission: what the gate would return for an operation that requires
// it. It is for operations that do more for actors with a second permission. A permission that no operation requires is
// a defect, and panics.
func (c *Contract) Permit(actor *access.Actor, permission string) error {
	for _, op := range c.operations {
		if op.Permission == permission && op.UsersOnly == "" {
			return op.permit(actor)
		}
	}
	panic(fmt.Sprintf("gate: no operation requires the permission %q", permission))
}
