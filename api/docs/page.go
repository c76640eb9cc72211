package docs

import (
	_ "embed" // for the pages
	"fmt"
	"html"
	"strings"
	"sync"
)

// The pages are fragments of HTML with names in braces, which fill replaces. They are so few and simple that they do
// without html/template: that calls methods by their names, for which the linker would have to keep every method of the
// whole program, 15 MiB of them.
var (
	//go:embed page/layout.html
	layout string
	//go:embed page/try-head.html
	tryHead string
	//go:embed page/try.html
	tryMain string
	//go:embed page/side.html
	sideNavigation string
	//go:embed page/side-tag.html
	sideTag string
	//go:embed page/guide.html
	guideMain string
	//go:embed page/chapter.html
	guideChapter string
	//go:embed page/demo.html
	demoNote string
	//go:embed page/tag.html
	tagMain string
	//go:embed page/operation.html
	operationSection string
	//go:embed page/body.html
	bodySection string
	//go:embed page/answer.html
	answerSection string
	//go:embed page/refusal.html
	refusalItem string
	//go:embed page/field.html
	fieldItem string
	//go:embed page/samples.html
	sampleBox string
	//go:embed page/example.html
	exampleBox string
	//go:embed page/schemas.html
	schemasMain string
	//go:embed page/schema.html
	schemaSection string
	//go:embed page/permissions.html
	permissionsMain string
	//go:embed page/permission.html
	permissionRow string
	//go:embed page/problems.html
	problemsMain string
	//go:embed page/group.html
	problemsGroup string
	//go:embed page/problem.html
	problemMain string
	//go:embed page/source.html
	sourceGroup string
	//go:embed page/machines.html
	machinesMain string
	//go:embed page/machine.html
	machineSection string
	//go:embed page/missing.html
	missingMain string
)

// markup is text that is HTML already.
type markup string

// values are what the names in a fragment stand for.
type values map[string]any

// fill puts values into a fragment: markup as it is, everything else as text.
func fill(fragment string, v values) markup {
	var pairs []string
	for name, value := range v {
		ready, ok := value.(markup)
		if !ok {
			ready = markup(html.EscapeString(fmt.Sprint(value)))
		}
		pairs = append(pairs, "{"+name+"}", string(ready))
	}
	return markup(strings.TrimSpace(strings.NewReplacer(pairs...).Replace(fragment)))
}

// page is what one page has of its own.
type page struct {
	title string
	// section is the path of the entry of the navigation that the page belongs to; empty for none.
	section string
	// alone is a page that has no navigation at its side, and head what it loads besides.
	alone bool
	head  markup
	main  func() (markup, error)
}

// always is the content of a page that cannot fail.
func always(main func() markup) func() (markup, error) {
	return func() (markup, error) { return main(), nil }
}

// addPages says how each page is made, which happens when somebody asks for it first. The texts depend on nothing that
// changes while the server runs. An error means that two pages would have the same path.
func (s *site) addPages(o Options, assets string) error {
	groups := problemGroups(o.Status)
	b := newBook(o.Document, groups, o.Demo)
	try := values{"home": Prefix, "problems": problemsPath, "spec": o.SpecURL, "assets": assets, "demo": markup("")}
	if o.Demo {
		try["demo"] = fill(demoNote, values{"try": tryPath})
	}
	pages := map[string]page{
		Prefix: {title: "Guide", section: Prefix, main: b.guide},
		tryPath: {
			title: "Try it", section: tryPath, alone: true, head: fill(tryHead, try),
			main: always(func() markup { return fill(tryMain, try) }),
		},
		schemasPath:     {title: "Schemas", section: schemasPath, main: always(b.shapes)},
		permissionsPath: {title: "Permissions", section: permissionsPath, main: always(b.rights)},
		problemsPath: {
			title: "Problems", section: problemsPath, main: always(func() markup { return problemList(groups) }),
		},
		machinesPath: {
			title: "State machines", section: machinesPath, main: always(func() markup { return machines(assets) }),
		},
	}
	for _, tag := range b.Tags {
		if _, taken := pages[tagPath(tag.Name)]; taken {
			return fmt.Errorf("docs: the tag %q has the path of another page", tag.Name)
		}
		pages[tagPath(tag.Name)] = page{
			title: titled(tag.Name), section: tagPath(tag.Name), main: always(func() markup { return b.group(tag) }),
		}
	}
	for _, g := range groups {
		for _, p := range g.Problems {
			pages[p.Path()] = page{title: p.Title, section: problemsPath, main: always(func() markup { return b.problem(p, g) })}
		}
	}
	for path, one := range pages {
		s.pages[path] = sync.OnceValues(func() (file, error) { return one.file(b, o, assets) })
	}
	for _, operation := range b.Operations() {
		s.moved[OperationPath(operation.ID)] = operationPath(operation)
	}
	s.missing = sync.OnceValues(func() (file, error) {
		return page{title: "Not found", main: always(func() markup {
			return fill(missingMain, values{"home": Prefix, "problems": problemsPath})
		})}.file(b, o, assets)
	})
	return nil
}

// file gives the whole page.
func (p page) file(b *book, o Options, assets string) (file, error) {
	main, err := p.main()
	if err != nil {
		return file{}, err
	}
	whole := values{
		"title": p.title, "product": o.Title, "head": p.head, "main": main, "version": markup(""), "side": markup(""),
		"home": Prefix, "try": tryPath, "spec": o.SpecURL, "assets": assets, "shell": "alone",
		"on-guide": current(p.section == Prefix), "on-try": current(p.section == tryPath),
	}
	if !p.alone {
		whole["shell"], whole["side"] = "shell", b.side(p.section)
		whole["head"] = fill(`<script src="{assets}reference.js" type="module"></script>`, values{"assets": assets})
	}
	if o.Version != "" {
		whole["version"] = fill(`<span class="version">{version}</span>`, values{"version": o.Version})
	}
	return newFile("text/html; charset=utf-8", revalidated, []byte(fill(layout, whole)+"\n"))
}

// current marks the entry of the page that is shown.
func current(shown bool) markup {
	if shown {
		return ` aria-current="page"`
	}
	return ""
}
