package docs

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// operation gives the section of one operation: what it does, what it needs, takes and answers, and how it is called.
func (b *book) operation(o *reference.Operation) markup {
	var refused []*reference.Answer
	var answers strings.Builder
	for _, answer := range o.Answers {
		if problematic(answer) {
			refused = append(refused, answer)
			continue
		}
		answers.WriteString(string(b.answer(answer)) + "\n")
	}
	return fill(operationSection, values{
		"id": o.ID, "summary": o.Summary, "method": method(o), "path": pathOf(o.Path),
		"deprecated": deprecation(o), "description": b.told(o.Description), "access": b.access(o),
		"parameters": b.taken(o), "body": b.body(o), "answers": markup(answers.String()),
		"problems": joined(refused, func(a *reference.Answer) markup { return b.refusal(o, a) }),
		"samples":  b.samples(o), "examples": examples(o), "try": tryPath, "tag": o.Tag,
	})
}

func problematic(a *reference.Answer) bool {
	return slices.ContainsFunc(a.Media, func(m *reference.Media) bool { return m.Type == "application/problem+json" })
}

func deprecation(o *reference.Operation) markup {
	switch {
	case !o.Deprecated:
		return ""
	case o.Sunset == "":
		return fill(`<p class="warning">Deprecated. See <a href="{home}#versions">versions</a>.</p>`, values{"home": Prefix})
	}
	return fill(`<p class="warning">Deprecated, and gone after {sunset}. See <a href="{home}#versions">versions</a>.</p>`,
		values{"sunset": o.Sunset, "home": Prefix})
}

// access says who may call the operation, how often, and whether it may be repeated.
func (b *book) access(o *reference.Operation) markup {
	var rows strings.Builder
	row := func(name string, value markup) {
		rows.WriteString("<dt>" + name + "</dt><dd>" + string(value) + "</dd>\n")
	}
	if o.Public() {
		row("Permission", "None: anybody may call this.")
		if o.Scheme != "" {
			row("Token", b.inline(o.Scheme))
		}
	} else {
		row("Permission", fill(`<a href="{path}#{name}"><code>{name}</code></a>`,
			values{"path": permissionsPath, "name": o.Permission.Name}))
		roles := markup("None: only API keys may call this.")
		if len(o.Permission.Roles) > 0 {
			roles = joined(o.Permission.Roles, func(role string) markup {
				return fill(`<span class="role">{role}</span>`, values{"role": role})
			})
		}
		row("Roles", roles)
		row("API keys", keys(o.Permission))
	}
	if o.Limited {
		row("Rate limit", fill(`<a href="{home}#rate-limits">Counted</a>`, values{"home": Prefix}))
	} else {
		row("Rate limit", "Not counted.")
	}
	row("Repeating", repeating(o))
	if match := o.Parameter("header", "If-Match"); match != nil {
		words := "Optional"
		demanded := strconv.Itoa(http.StatusPreconditionRequired)
		if slices.ContainsFunc(o.Answers, func(a *reference.Answer) bool { return a.Status == demanded }) {
			words = "Required"
		}
		row("Version", fill(`{words}: send the ETag as <a href="{home}#concurrency"><code>If-Match</code></a>.`,
			values{"words": words, "home": Prefix}))
	}
	if o.Parameter("header", "If-None-Match") != nil {
		row("Caching", fill(`Send the ETag as <a href="{home}#concurrency"><code>If-None-Match</code></a> to be told 304.`,
			values{"home": Prefix}))
	}
	return markup(rows.String())
}

// keys says which API keys may call an operation that asks for a permission.
func keys(p *reference.Permission) markup {
	switch p.Key {
	case reference.EveryKey:
		return "Every key."
	case reference.JobKey:
		return fill("Those with the scope <code>{name}</code>, also when they are limited to some jobs.",
			values{"name": p.Scope})
	case reference.CompanyKey:
		return fill("Those with the scope <code>{name}</code> that are for the whole company.", values{"name": p.Scope})
	case reference.TestKey:
		return fill("Those with the scope <code>{name}</code> in a test company.", values{"name": p.Scope})
	default:
		return "None: only people may call this."
	}
}

// repeating says what happens when the same request is sent again.
func repeating(o *reference.Operation) markup {
	switch {
	case o.Method == http.MethodGet:
		return "Safe: it only reads."
	case o.Method == http.MethodPut || o.Method == http.MethodDelete:
		return "Idempotent."
	case o.Parameter("header", "Idempotency-Key") != nil:
		return fill(`Safe with an <a href="{home}#idempotency"><code>Idempotency-Key</code></a>.`, values{"home": Prefix})
	case o.Parameter("header", "If-Match") != nil:
		return `Safe with <code>If-Match</code>: the second is answered 412.`
	}
	return "Each request acts anew."
}

// taken lists the parameters, by where they stand.
func (b *book) taken(o *reference.Operation) markup {
	var sections strings.Builder
	for _, place := range []struct{ in, title string }{
		{"path", "Path"}, {"query", "Query"}, {"header", "Headers"}, {"cookie", "Cookies"},
	} {
		var here []*reference.Parameter
		for _, p := range o.Parameters {
			if p.In == place.in {
				here = append(here, p)
			}
		}
		if len(here) > 0 {
			sections.WriteString("<h3>" + place.title + "</h3>\n" + string(b.parameters(here)) + "\n")
		}
	}
	return markup(sections.String())
}

// body says what a request carries.
func (b *book) body(o *reference.Operation) markup {
	if o.Body == nil {
		return ""
	}
	first := o.Body.Media[0]
	types := make([]string, len(o.Body.Media))
	for i, media := range o.Body.Media {
		types[i] = "<code>" + media.Type + "</code>"
	}
	need := "optional"
	if o.Body.Required {
		need = "required"
	}
	detail := b.told(first.Schema.Description) + b.bounds(first.Schema)
	if len(first.Schema.Properties) > 0 {
		detail = b.bounds(first.Schema) + b.fields(first.Schema, deep)
	}
	return fill(bodySection, values{
		"types": markup(strings.Join(types, " or ")), "need": need, "type": b.typed(first.Schema),
		"description": b.told(o.Body.Description), "detail": detail,
	})
}

// answer gives an answer that is no problem: its headers and its body.
func (b *book) answer(a *reference.Answer) markup {
	headers, bodies, links := markup(""), markup(""), markup("")
	if len(a.Headers) > 0 {
		headers = fill("<details><summary>Headers: {names}</summary>\n{headers}\n</details>", values{
			"names": names(a.Headers), "headers": b.headers(a.Headers),
		})
	}
	for _, media := range a.Media {
		if object := members(media.Schema); object != nil {
			bodies += fill("<details><summary>Members of {type}</summary>\n{fields}\n</details>\n",
				values{"type": b.typed(media.Schema), "fields": b.fields(object, flat)})
			continue
		}
		bodies += fill("<p class=\"quiet\"><code>{type}</code> {description}</p>\n",
			values{"type": media.Type, "description": media.Schema.Description})
	}
	if len(a.Links) > 0 {
		links = fill(`<p class="quiet">Leads to {links}</p>`, values{"links": b.linked(a.Links)})
	}
	return fill(answerSection, values{
		"status": a.Status, "class": a.Status[:1], "description": b.told(a.Description), "headers": headers,
		"bodies": bodies, "links": links,
	})
}

func names(all []*reference.Parameter) string {
	var list []string
	for _, p := range all {
		list = append(list, p.Name)
	}
	return strings.Join(list, ", ")
}

// linked names the operations that links lead to, each once.
func (b *book) linked(links []*reference.Link) markup {
	var parts []string
	for _, link := range links {
		o := b.byID[link.OperationID]
		if o == nil {
			continue
		}
		part := string(fill(`<a href="{path}">{id}</a>`, values{"path": operationPath(o), "id": o.ID}))
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return markup(strings.Join(parts, ", "))
}

// refusal gives a status that means a problem, with the codes that the operation may answer with.
func (b *book) refusal(o *reference.Operation, a *reference.Answer) markup {
	var codes []fault.Code
	for _, g := range b.problems {
		if strconv.Itoa(g.Status) != a.Status {
			continue
		}
		for _, p := range g.Problems {
			if MayAnswer(o, p.Code) {
				codes = append(codes, p.Code)
			}
		}
	}
	headers := markup("")
	if len(a.Headers) > 0 {
		headers = fill(`<p class="quiet">With the header {names}.</p>`, values{"names": names(a.Headers)})
	}
	return fill(refusalItem, values{
		"status": a.Status, "class": a.Status[:1], "description": b.told(a.Description), "headers": headers,
		"codes": joined(codes, func(code fault.Code) markup {
			return fill(`<a href="{path}"><code>{code}</code></a>`, values{"path": ProblemPath(code), "code": code})
		}),
	})
}

// samples gives the call in every language, one of which is shown.
func (b *book) samples(o *reference.Operation) markup {
	var choices, codes strings.Builder
	for i, language := range b.languages {
		checked := markup("")
		if i == 0 {
			checked = " checked"
		}
		v := values{"id": o.ID, "language": language.ID, "title": language.Title, "checked": checked}
		v["code"] = highlighted(language.Write(o))
		choices.WriteString(string(fill(`<label><input type="radio" name="{id}-language" value="{language}"{checked}>`+
			`<span>{title}</span></label>`, v)) + "\n")
		codes.WriteString(string(fill(`<pre data-language="{language}" tabindex="0" aria-label="{title}">`+
			`<code>{code}</code></pre>`, v)) + "\n")
	}
	return fill(sampleBox, values{"choices": markup(choices.String()), "codes": markup(codes.String()), "home": Prefix})
}

// examples gives the first body of each success.
func examples(o *reference.Operation) markup {
	var written strings.Builder
	for _, answer := range o.Answers {
		if problematic(answer) {
			continue
		}
		for _, media := range answer.Media {
			example := media.Sample()
			code := markup(string(fill("{text}", values{"text": example.Text})))
			if example.Kind != reference.Text {
				code = highlighted(example.JSON())
			}
			written.WriteString(string(fill(exampleBox, values{
				"status": answer.Status, "class": answer.Status[:1], "type": media.Type, "code": code,
			})) + "\n")
		}
	}
	return markup(written.String())
}

// languageSetups gives, for each language, how the client of the samples is made.
func languageSetups(all []sample.Language) markup {
	return joined(all, func(l sample.Language) markup {
		return fill("<h3>{title}</h3>\n<pre tabindex=\"0\"><code>{code}</code></pre>",
			values{"title": l.Title, "code": highlighted(l.Setup)})
	})
}
