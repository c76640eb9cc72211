package mail

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// PasswordPath is the path of the page behind the link of a mail of the kind password_reset. The token follows.
const PasswordPath = "/password/"

// Renderer writes mails.
type Renderer struct {
	// App is the display name of the service.
	App string
	// Site precedes the paths of links: an origin, and the base path if there is one.
	Site string
	// Links derives the tokens of links.
	Links Links
}

// Content is a mail without its envelope.
type Content struct{ Subject, Text, HTML string }

// letter is what a mail says. The text and the HTML of all kinds have the same structure.
type letter struct {
	language stored.Language
	subject  string
	greeting string
	before   []string
	// button and url are the link; empty if there is none.
	button, url string
	// copyLink introduces the link for programs that do not show the button.
	copyLink string
	after    []string
	footer   string
}

// Render writes a mail in the language of its user.
func (r Renderer) Render(ctx context.Context, row db.GetMailRow) (Content, error) {
	l := r.letter(row)
	var html strings.Builder
	if err := page(l).Render(ctx, &html); err != nil { //nolint:contextcheck // Render passes it on
		return Content{}, fmt.Errorf("render a mail of the kind %s: %w", row.Mail.Kind, err)
	}
	return Content{Subject: l.subject, Text: l.text(), HTML: html.String()}, nil
}

// Trial is a mail that only shows that the sending of mails works.
func Trial(ctx context.Context, app string) (Content, error) {
	l := letter{
		language: stored.LanguageEN, subject: "Test mail of " + app, greeting: "Hello,",
		before: []string{"This mail was sent to test the configuration of " + app + ". There is nothing to do."},
		footer: "The command \"interviewer mail test\" has sent this mail.",
	}
	var html strings.Builder
	if err := page(l).Render(ctx, &html); err != nil { //nolint:contextcheck // Render passes it on
		return Content{}, fmt.Errorf("render the test mail: %w", err)
	}
	return Content{Subject: l.subject, Text: l.text(), HTML: html.String()}, nil
}

func (r Renderer) letter(row db.GetMailRow) letter {
	phrases := phrasesOf(row.Language)
	kind := phrases.kinds[row.Mail.Kind]
	fill := strings.NewReplacer(
		"{app}", r.App, "{company}", row.CompanyName, "{name}", row.FirstName, "{email}", row.Email,
		"{minutes}", strconv.Itoa(int(ResetLifetime/time.Minute)), "{time}", localTime(row.Mail.CreatedAt, row.Timezone),
	)
	l := letter{
		language: row.Language, subject: fill.Replace(kind.subject), greeting: fill.Replace(phrases.greeting),
		before: fillAll(fill, kind.before), after: fillAll(fill, kind.after),
		copyLink: phrases.copyLink, footer: fill.Replace(phrases.footer),
	}
	if kind.button != "" {
		l.button = kind.button
		l.url = r.Site + PasswordPath + r.Links.Token(row.Mail.Kind, row.Mail.CompanyID, row.Mail.ID)
	}
	return l
}

func fillAll(fill *strings.Replacer, texts []string) []string {
	filled := make([]string, len(texts))
	for i, text := range texts {
		filled[i] = fill.Replace(text)
	}
	return filled
}

// localTime is a time in the zone of a company, in a form that reads the same in every language.
func localTime(t time.Time, zone string) string {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	return t.In(location).Format("2006-01-02 15:04 MST")
}

// text is the letter without HTML, one paragraph a line.
func (l letter) text() string {
	parts := append([]string{l.greeting}, l.before...)
	if l.url != "" {
		parts = append(parts, l.button+":\n"+l.url)
	}
	parts = append(parts, l.after...)
	return strings.Join(parts, "\n\n") + "\n\n-- \n" + l.footer + "\n"
}
