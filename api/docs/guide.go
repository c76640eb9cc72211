package docs

import (
	"embed"
	"fmt"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

//go:embed page/guide
var guideFiles embed.FS

// chapter is a part of the guide, which stands at Prefix under its id.
type chapter struct{ id, title string }

// chapters are those of the guide, in their order.
func chapters() []chapter {
	return []chapter{
		{"start", "First steps"},
		{"clients", "Clients"},
		{"authentication", "Authentication"},
		{"api-keys", "API keys"},
		{"permissions", "Permissions"},
		{"errors", "Errors"},
		{"lists", "Lists: pages, filters, order"},
		{"changes", "Changes by PATCH"},
		{"concurrency", "Conditional requests"},
		{"idempotency", "Idempotency"},
		{"rate-limits", "Rate limits"},
		{"headers", "Headers of answers"},
		{"states", "States and allowed actions"},
		{"enums", "Extensible enums"},
		{"versions", "Versions and deprecation"},
		{"test-mode", "Test mode"},
		{"webhooks", "Webhooks"},
	}
}

// guide gives the first page: what everybody should know who builds on the API.
func (b *book) guide() (markup, error) {
	demo := markup("")
	if b.demo {
		demo = fill(demoNote, values{"try": tryPath})
	}
	var parts markup
	for _, c := range chapters() {
		text, err := guideFiles.ReadFile("page/guide/" + c.id + ".html")
		if err != nil {
			return "", fmt.Errorf("docs: read the guide: %w", err)
		}
		parts += fill(guideChapter, values{
			"id": c.id, "title": c.title,
			"text": fill(string(text), values{
				"try": tryPath, "problems": problemsPath, "machines": machinesPath, "schemas": schemasPath,
				"permissions": permissionsPath, "setups": languageSetups(b.languages),
				"limited": b.headers(b.Common.Limited), "repeatable": b.headers(b.Common.Repeatable),
				"always": b.headers(b.Common.Always),
			}),
		}) + "\n"
	}
	return fill(guideMain, values{
		"title": b.Title, "summary": b.Summary, "demo": demo, "chapters": parts,
		"operations": len(b.Operations()),
		"tags":       joined(b.Tags, b.card),
	}), nil
}

// card shows a tag among the others.
func (b *book) card(t *reference.Tag) markup {
	return fill(`<li><a href="{path}">{title}</a><span>{count}</span>{description}</li>`, values{
		"path": tagPath(t.Name), "title": titled(t.Name), "count": written(len(t.Operations), "operation", "operations"),
		"description": b.told(t.Description),
	})
}
