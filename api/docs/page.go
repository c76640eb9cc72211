package docs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
)

//go:embed page
var pages embed.FS

// view is what a template sees.
type view struct {
	Options
	// Home, Problems and Assets are the paths of the reference page, of the list of problems and of the assets.
	Home, Problems, Assets string
	// Section is the entry of the header's navigation that the page belongs to.
	Section string
	// Groups is every problem. Problem is the one that a page is about, and Group those that share its status.
	Groups  []group
	Group   group
	Problem problem
}

// addPages renders every page. The texts depend on nothing that changes while the server runs.
func (s *site) addPages(o Options, assetBase string) error {
	groups := problemGroups(o.Status)
	v := view{Options: o, Home: Prefix, Problems: problemsPath, Assets: assetBase, Groups: groups}

	var err error
	if s.missing, err = render("missing.html", v); err != nil {
		return err
	}
	v.Section = "reference"
	if s.files[Prefix], err = render("reference.html", v); err != nil {
		return err
	}
	v.Section = "problems"
	if s.files[problemsPath], err = render("problems.html", v); err != nil {
		return err
	}
	for _, g := range groups {
		for _, p := range g.Problems {
			v.Group, v.Problem = g, p
			if s.files[p.Path()], err = render("problem.html", v); err != nil {
				return err
			}
		}
	}
	return nil
}

func render(name string, v view) (file, error) {
	t, err := template.ParseFS(pages, "page/layout.html", "page/"+name)
	if err != nil {
		return file{}, fmt.Errorf("docs: parse %s: %w", name, err)
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout.html", v); err != nil {
		return file{}, fmt.Errorf("docs: render %s: %w", name, err)
	}
	return newFile("text/html; charset=utf-8", revalidated, body.Bytes())
}
