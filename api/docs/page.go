package docs

import (
	_ "embed" // for the pages
	"fmt"
	"html"
	"strings"
)

// The pages are fragments of HTML with names in braces, which fill replaces. They are so few and simple that they do
// without html/template: that calls methods by their names, for which the linker would have to keep every method of the
// whole program, 15 MiB of them.
var (
	//go:embed page/layout.html
	layout string
	//go:embed page/head.html
	referenceHead string
	//go:embed page/reference.html
	referenceMain string
	//go:embed page/demo.html
	demoNote string
	//go:embed page/problems.html
	problemsMain string
	//go:embed page/group.html
	problemsGroup string
	//go:embed page/problem.html
	problemMain string
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
	// section is the path of the header's entry that the page belongs to; empty for none.
	section    string
	head, main markup
}

// addPages makes every page. The texts depend on nothing that changes while the server runs.
func (s *site) addPages(o Options, assets string) (err error) {
	paths := values{
		"home": Prefix, "problems": problemsPath, "machines": machinesPath, "spec": o.SpecURL, "assets": assets,
		"demo": markup(""),
	}
	if o.Demo {
		paths["demo"] = fill(demoNote, nil)
	}
	groups := problemGroups(o.Status)
	pages := map[string]page{
		Prefix: {
			title: "API reference", section: Prefix, head: fill(referenceHead, paths), main: fill(referenceMain, paths),
		},
		problemsPath: {title: "Problems", section: problemsPath, main: listed(groups)},
		machinesPath: {title: "State machines", section: machinesPath, main: machines(assets)},
	}
	for _, g := range groups {
		for _, p := range g.Problems {
			pages[p.Path()] = page{title: p.Title, section: problemsPath, main: described(p, g)}
		}
	}
	for path, one := range pages {
		if s.files[path], err = one.file(o, paths); err != nil {
			return err
		}
	}
	s.missing, err = page{title: "Not found", main: fill(missingMain, paths)}.file(o, paths)
	return err
}

// file gives the whole page.
func (p page) file(o Options, paths values) (file, error) {
	whole := values{
		"title": p.title, "product": o.Title, "head": p.head, "main": p.main, "version": markup(""),
		"on-reference": current(p.section == Prefix), "on-problems": current(p.section == problemsPath),
		"on-machines": current(p.section == machinesPath),
	}
	for name, path := range paths {
		whole[name] = path
	}
	if o.Version != "" {
		whole["version"] = fill(`<span class="version">{version}</span>`, values{"version": o.Version})
	}
	return newFile("text/html; charset=utf-8", revalidated, []byte(fill(layout, whole)+"\n"))
}

// current marks the header's entry of the page that is shown.
func current(shown bool) markup {
	if shown {
		return ` aria-current="page"`
	}
	return ""
}

// listed is the list of all problems.
func listed(groups []group) markup {
	var sections strings.Builder
	for _, g := range groups {
		var entries strings.Builder
		for _, p := range g.Problems {
			entries.WriteString(string(fill(`<li><a href="{path}"><code>{code}</code></a><p>{meaning}</p></li>`,
				values{"path": p.Path(), "code": p.Code, "meaning": p.Meaning})) + "\n")
		}
		sections.WriteString(string(fill(problemsGroup, values{
			"status": g.Status, "class": g.Status / 100, "status-text": g.StatusText, "entries": markup(entries.String()),
		})) + "\n")
	}
	return fill(problemsMain, values{"groups": markup(sections.String())})
}

// described is the page of one problem, with the others of its status.
func described(p problem, g group) markup {
	var others strings.Builder
	for _, other := range g.Problems {
		if other.Code != p.Code {
			others.WriteString(string(fill(`<li><a href="{path}"><code>{code}</code></a></li>`,
				values{"path": other.Path(), "code": other.Code})) + "\n")
		}
	}
	list := markup("")
	if others.Len() > 0 {
		list = fill("<h2>Others with this status</h2>\n<ul class=\"inline\">\n{others}</ul>",
			values{"others": markup(others.String())})
	}
	return fill(problemMain, values{
		"problems": problemsPath, "title": p.Title, "meaning": p.Meaning, "code": p.Code, "status": p.Status,
		"class": p.Status / 100, "status-text": p.StatusText(), "remedy": p.Remedy, "others": list,
	})
}
