package reference

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// reader reads a document. It collects errors instead of stopping at the first one.
type reader struct {
	root        Value
	schemas     map[string]*Schema
	permissions []*Permission
	errs        []error
}

func (r *reader) errorf(format string, a ...any) {
	r.errs = append(r.errs, fmt.Errorf("reference: "+format, a...))
}

// resolve follows a $ref and returns its target with the last token of the reference. It returns other values
// unchanged.
func (r *reader) resolve(v Value) (Value, string) {
	reference := v.Get("$ref").Text
	if reference == "" {
		return v, ""
	}
	path, found := strings.CutPrefix(reference, "#/")
	at, name := r.root, ""
	for token := range strings.SplitSeq(path, "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		at = at.Get(name)
	}
	if !found || !at.Exists() {
		r.errorf("the reference %s has no target", reference)
	}
	return at, name
}

func (r *reader) document() *Document {
	info := r.root.Get("info")
	d := &Document{Title: info.Get("title").Text, Summary: info.Get("summary").Text}
	r.readPermissions(d)
	for _, tag := range r.root.Get("tags").Items {
		d.Tags = append(d.Tags, &Tag{Name: tag.Get("name").Text, Description: tag.Get("description").Text})
	}
	for _, schema := range r.root.Get("components").Get("schemas").Members {
		d.Schemas = append(d.Schemas, r.namedSchema(schema.Name, schema.Value))
	}
	for _, path := range r.root.Get("paths").Members {
		r.readPath(d, path)
	}
	for _, tag := range d.Tags {
		if len(tag.Operations) == 0 {
			r.errorf("the tag %q has no operations", tag.Name)
		}
	}
	for _, event := range r.root.Get("webhooks").Members {
		operation := event.Value.Get("post")
		sent := operation.Get("requestBody").Get("content").Get("application/json").Get("example")
		d.Events = append(d.Events, EventType{
			event.Name, sent.Get("resource").Get("type").Text, operation.Get("description").Text,
		})
	}
	d.Permissions = r.permissions
	for _, group := range r.root.Get("x-response-headers").Members {
		switch headers := r.headers(group.Value); group.Name {
		case "limited":
			d.Common.RateLimited = headers
		case "repeatable":
			d.Common.Repeatable = headers
		case "always":
			d.Common.Always = headers
		default:
			r.errorf("x-response-headers: the group %s is not supported", group.Name)
		}
	}
	return d
}

// readPath adds the operations of a path to their tags.
func (r *reader) readPath(d *Document, path Member) {
	for _, member := range path.Value.Members {
		switch member.Name {
		case "parameters", "summary", "description":
		case "get", "put", "post", "delete", "patch":
			o := r.operation(path.Name, path.Value, member)
			at := slices.IndexFunc(d.Tags, func(t *Tag) bool { return t.Name == o.Tag })
			if at < 0 {
				r.errorf("%s: the tag %q is not declared", o.ID, o.Tag)
				continue
			}
			d.Tags[at].Operations = append(d.Tags[at].Operations, o)
		default:
			r.errorf("%s: %s is not supported", path.Name, member.Name)
		}
	}
}

func (r *reader) readPermissions(d *Document) {
	everyone := &Permission{Name: Authenticated, Scope: Authenticated}
	r.permissions = []*Permission{everyone}
	scopes := r.root.Get("x-key-scopes")
	for _, role := range r.root.Get("x-roles").Members {
		d.Roles = append(d.Roles, role.Name)
		everyone.Roles = append(everyone.Roles, role.Name)
		for _, name := range role.Value.Texts() {
			permission := r.permission(name)
			if permission == nil {
				permission = r.newPermission(name, scopes)
				r.permissions = append(r.permissions, permission)
			}
			permission.Roles = append(permission.Roles, role.Name)
		}
	}
	for _, scope := range scopes.Members {
		if r.permission(scope.Name) == nil {
			r.permissions = append(r.permissions, r.newPermission(scope.Name, scopes))
		}
	}
}

// newPermission returns a permission without roles. A value in scopes is either a KeyKind or the name of the scope that
// includes the permission.
func (r *reader) newPermission(name string, scopes Value) *Permission {
	p := &Permission{Name: name, Scope: name, Key: KeyKind(scopes.Get(name).Text)}
	if other := scopes.Get(string(p.Key)); p.Key != NoKey && other.Text != "" {
		p.Scope, p.Key = string(p.Key), KeyKind(other.Text)
	}
	if !slices.Contains([]KeyKind{NoKey, CompanyKey, TestKey, JobKey, EveryKey}, p.Key) {
		r.errorf("x-key-scopes: %s: the value %s is not supported", name, scopes.Get(name).Compact())
	}
	return p
}

func (r *reader) permission(name string) *Permission {
	for _, permission := range r.permissions {
		if permission.Name == name {
			return permission
		}
	}
	return nil
}

func (r *reader) operation(path string, item Value, member Member) *Operation {
	o := &Operation{Path: path, Method: strings.ToUpper(member.Name), RateLimited: true}
	o.ID = member.Value.Get("operationId").Text
	if tags := member.Value.Get("tags").Texts(); len(tags) > 0 {
		o.Tag = tags[0]
	}
	r.parameters(o, item.Get("parameters"))
	for _, field := range member.Value.Members {
		switch field.Name {
		case "operationId", "tags", "externalDocs":
		case "summary":
			o.Summary = field.Value.Text
		case "description":
			o.Description = field.Value.Text
		case "deprecated":
			o.Deprecated = field.Value.True()
		case "x-sunset":
			o.Sunset = field.Value.Text
		case "x-users-only":
			o.UsersOnly = field.Value.Text
		case "x-rate-limited":
			o.RateLimited = field.Value.True()
		case "x-required-permission":
			o.Permission = r.permission(field.Value.Text)
			if o.Permission == nil {
				r.errorf("%s: no role and no API key has the permission %q", o.ID, field.Value.Text)
				continue
			}
			o.Permission.Operations = append(o.Permission.Operations, o)
		case "security":
			r.security(o, field.Value)
		case "parameters":
			r.parameters(o, field.Value)
		case "requestBody":
			o.Body = r.body(field.Value)
			r.addPatchMedia(o)
		case "responses":
			for _, response := range field.Value.Members {
				o.Responses = append(o.Responses, r.response(response))
			}
		default:
			if !strings.HasPrefix(field.Name, "x-") {
				r.errorf("%s: %s is not supported", o.ID, field.Name)
			}
		}
	}
	return o
}

// security sets the description of the operation's credentials.
func (r *reader) security(o *Operation, requirements Value) {
	for _, requirement := range requirements.Items {
		for _, scheme := range requirement.Members {
			declared := r.root.Get("components").Get("securitySchemes").Get(scheme.Name)
			if !declared.Exists() {
				r.errorf("%s: the security scheme %s is not declared", o.ID, scheme.Name)
			}
			o.Scheme = declared.Get("description").Text
		}
	}
}

// addPatchMedia adds the media types that x-patch-media-types declares for the body of every PATCH.
func (r *reader) addPatchMedia(o *Operation) {
	if o.Method != http.MethodPatch {
		return
	}
	for _, mediaType := range r.root.Get("x-patch-media-types").Texts() {
		media := *o.Body.Media[0]
		media.Type = mediaType
		o.Body.Media = append(o.Body.Media, &media)
	}
}

func (r *reader) parameters(o *Operation, list Value) {
	for _, item := range list.Items {
		v, _ := r.resolve(item)
		o.Parameters = append(o.Parameters, r.parameter(v.Get("name").Text, v.Get("in").Text, v))
	}
}

func (r *reader) parameter(name, in string, v Value) *Parameter {
	p := &Parameter{
		Name: name, In: in, Description: v.Get("description").Text, Required: v.Get("required").True(),
		Deprecated: v.Get("deprecated").True(), Schema: r.schema(v.Get("schema")), Example: example(v),
	}
	for _, field := range v.Members {
		switch field.Name {
		case "name", "in", "description", "required", "deprecated", "schema", "example", "examples", "explode", "style":
		default:
			if !strings.HasPrefix(field.Name, "x-") {
				r.errorf("the parameter %s: %s is not supported", name, field.Name)
			}
		}
	}
	return p
}

// example returns the example of a parameter or a body, or the first one of several.
func example(v Value) Value {
	if one := v.Get("example"); one.Exists() {
		return one
	}
	several := v.Get("examples")
	if len(several.Items) > 0 {
		return several.Items[0]
	}
	if len(several.Members) > 0 {
		return several.Members[0].Value.Get("value")
	}
	return Value{}
}

func (r *reader) body(item Value) *Body {
	v, _ := r.resolve(item)
	return &Body{
		Description: v.Get("description").Text, Required: v.Get("required").True(), Media: r.media(v.Get("content")),
	}
}

func (r *reader) media(content Value) []*Media {
	var all []*Media
	for _, m := range content.Members {
		all = append(all, &Media{Type: m.Name, Schema: r.schema(m.Value.Get("schema")), Example: example(m.Value)})
	}
	return all
}

func (r *reader) response(item Member) *Response {
	v, _ := r.resolve(item.Value)
	response := &Response{
		Status: item.Name, Description: v.Get("description").Text, Headers: r.headers(v.Get("headers")),
		Media: r.media(v.Get("content")),
	}
	for _, link := range v.Get("links").Members {
		target, _ := r.resolve(link.Value)
		response.Links = append(response.Links, target.Get("operationId").Text)
	}
	return response
}

func (r *reader) headers(v Value) []*Parameter {
	var all []*Parameter
	for _, header := range v.Members {
		target, _ := r.resolve(header.Value)
		all = append(all, r.parameter(header.Name, "header", target))
	}
	return all
}
