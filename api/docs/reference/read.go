package reference

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// reader gathers what is wrong while it reads, so that all of it is told at once.
type reader struct {
	root        Value
	schemas     map[string]*Schema
	permissions []*Permission
	holes       []error
}

func (r *reader) hole(format string, a ...any) {
	r.holes = append(r.holes, fmt.Errorf("reference: "+format, a...))
}

// follow gives what a reference names, or the value itself, and the last word of the reference.
func (r *reader) follow(v Value) (Value, string) {
	reference := v.Get("$ref").Text
	if reference == "" {
		return v, ""
	}
	path, found := strings.CutPrefix(reference, "#/")
	at, name := r.root, ""
	for part := range strings.SplitSeq(path, "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		at = at.Get(name)
	}
	if !found || !at.Has() {
		r.hole("%s leads nowhere", reference)
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
		d.Schemas = append(d.Schemas, r.named(schema.Name, schema.Value))
	}
	for _, path := range r.root.Get("paths").Members {
		for _, member := range path.Value.Members {
			if !slices.Contains([]string{"get", "put", "post", "delete", "patch"}, member.Name) {
				if !slices.Contains([]string{"parameters", "summary", "description"}, member.Name) {
					r.hole("%s: %s is not told", path.Name, member.Name)
				}
				continue
			}
			o := r.operation(path.Name, path.Value, member)
			at := slices.IndexFunc(d.Tags, func(t *Tag) bool { return t.Name == o.Tag })
			if at < 0 {
				r.hole("%s has the tag %q, which nothing describes", o.ID, o.Tag)
				continue
			}
			d.Tags[at].Operations = append(d.Tags[at].Operations, o)
		}
	}
	for _, tag := range d.Tags {
		if len(tag.Operations) == 0 {
			r.hole("nothing has the tag %q", tag.Name)
		}
	}
	d.Permissions = r.permissions
	for _, group := range r.root.Get("x-response-headers").Members {
		switch headers := r.headers(group.Value); group.Name {
		case "limited":
			d.Common.Limited = headers
		case "repeatable":
			d.Common.Repeatable = headers
		case "always":
			d.Common.Always = headers
		default:
			r.hole("x-response-headers: %s is not told", group.Name)
		}
	}
	return d
}

func (r *reader) readPermissions(d *Document) {
	everybody := &Permission{Name: Authenticated, Scope: Authenticated}
	r.permissions = []*Permission{everybody}
	keys := r.root.Get("x-key-scopes")
	for _, role := range r.root.Get("x-roles").Members {
		d.Roles = append(d.Roles, role.Name)
		everybody.Roles = append(everybody.Roles, role.Name)
		for _, name := range role.Value.Texts() {
			permission := r.permission(name)
			if permission == nil {
				permission = r.scoped(name, keys)
				r.permissions = append(r.permissions, permission)
			}
			permission.Roles = append(permission.Roles, role.Name)
		}
	}
	for _, key := range keys.Members {
		if r.permission(key.Name) == nil {
			r.permissions = append(r.permissions, r.scoped(key.Name, keys))
		}
	}
}

// scoped reads which API keys have a permission, and by which scope: its own, or one that it comes with.
func (r *reader) scoped(permission string, keys Value) *Permission {
	p := &Permission{Name: permission, Scope: permission, Key: Keys(keys.Get(permission).Text)}
	if other := keys.Get(string(p.Key)); p.Key != NoKey && other.Text != "" {
		p.Scope, p.Key = string(p.Key), Keys(other.Text)
	}
	if !slices.Contains([]Keys{NoKey, CompanyKey, TestKey, JobKey, EveryKey}, p.Key) {
		r.hole("x-key-scopes: %s: %s is not told", permission, keys.Get(permission).Compact())
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

// untold are the members of an operation that say nothing to its caller, or are read where they belong.
func untold() []string {
	return []string{"operationId", "tags", "x-streaming", "x-upload", "externalDocs"}
}

func (r *reader) operation(path string, item Value, member Member) *Operation {
	o := &Operation{Path: path, Method: strings.ToUpper(member.Name), Limited: true}
	o.ID = member.Value.Get("operationId").Text
	if tags := member.Value.Get("tags").Texts(); len(tags) > 0 {
		o.Tag = tags[0]
	}
	r.parameters(o, item.Get("parameters"))
	for _, said := range member.Value.Members {
		switch said.Name {
		case "summary":
			o.Summary = said.Value.Text
		case "description":
			o.Description = said.Value.Text
		case "deprecated":
			o.Deprecated = said.Value.True()
		case "x-sunset":
			o.Sunset = said.Value.Text
		case "x-rate-limited":
			o.Limited = said.Value.True()
		case "x-required-permission":
			o.Permission = r.permission(said.Value.Text)
			if o.Permission == nil {
				r.hole("%s asks for %q, which nobody has", o.ID, said.Value.Text)
				continue
			}
			o.Permission.Operations = append(o.Permission.Operations, o)
		case "security":
			r.security(o, said.Value)
		case "parameters":
			r.parameters(o, said.Value)
		case "requestBody":
			o.Body = r.body(said.Value)
			r.patches(o)
		case "responses":
			for _, answer := range said.Value.Members {
				o.Answers = append(o.Answers, r.answer(answer))
			}
		default:
			if !slices.Contains(untold(), said.Name) && !strings.HasPrefix(said.Name, "x-") {
				r.hole("%s: %s is not told", o.ID, said.Name)
			}
		}
	}
	return o
}

// security notes how the caller of an operation that asks for no permission may say who they are.
func (r *reader) security(o *Operation, ways Value) {
	for _, way := range ways.Items {
		for _, scheme := range way.Members {
			described := r.root.Get("components").Get("securitySchemes").Get(scheme.Name)
			if !described.Has() {
				r.hole("%s: nothing describes the scheme %s", o.ID, scheme.Name)
			}
			o.Scheme = described.Get("description").Text
		}
	}
}

// patches adds what a PATCH may call its body, which the document says once for all of them.
func (r *reader) patches(o *Operation) {
	if o.Method != http.MethodPatch {
		return
	}
	for _, media := range r.root.Get("x-patch-media-types").Texts() {
		same := *o.Body.Media[0]
		same.Type = media
		o.Body.Media = append(o.Body.Media, &same)
	}
}

func (r *reader) parameters(o *Operation, list Value) {
	for _, stated := range list.Items {
		value, _ := r.follow(stated)
		o.Parameters = append(o.Parameters, r.parameter(value.Get("name").Text, value.Get("in").Text, value))
	}
}

func (r *reader) parameter(name, in string, v Value) *Parameter {
	p := &Parameter{
		Name: name, In: in, Description: v.Get("description").Text, Required: v.Get("required").True(),
		Deprecated: v.Get("deprecated").True(), Schema: r.schema(v.Get("schema")), Example: example(v),
	}
	for _, said := range v.Members {
		switch said.Name {
		case "name", "in", "description", "required", "deprecated", "schema", "example", "examples", "explode", "style":
		default:
			if !strings.HasPrefix(said.Name, "x-") {
				r.hole("the parameter %s: %s is not told", name, said.Name)
			}
		}
	}
	return p
}

// example gives the example of a parameter or a body, or the first of several.
func example(v Value) Value {
	if one := v.Get("example"); one.Has() {
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

func (r *reader) body(stated Value) *Body {
	v, _ := r.follow(stated)
	return &Body{
		Description: v.Get("description").Text, Required: v.Get("required").True(), Media: r.media(v.Get("content")),
	}
}

func (r *reader) media(content Value) []*Media {
	var all []*Media
	for _, one := range content.Members {
		all = append(all, &Media{Type: one.Name, Schema: r.schema(one.Value.Get("schema")), Example: example(one.Value)})
	}
	return all
}

func (r *reader) answer(stated Member) *Answer {
	v, _ := r.follow(stated.Value)
	a := &Answer{
		Status: stated.Name, Description: v.Get("description").Text, Headers: r.headers(v.Get("headers")),
		Media: r.media(v.Get("content")),
	}
	for _, link := range v.Get("links").Members {
		value, _ := r.follow(link.Value)
		a.Links = append(a.Links, &Link{value.Get("operationId").Text, value.Get("description").Text})
	}
	return a
}

func (r *reader) headers(stated Value) []*Parameter {
	var all []*Parameter
	for _, header := range stated.Members {
		value, _ := r.follow(header.Value)
		all = append(all, r.parameter(header.Name, "header", value))
	}
	return all
}
