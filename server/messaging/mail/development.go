package mail

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// The paths of the pages for development.
const (
	// OutboxPath shows the latest mails of all companies, with their links.
	OutboxPath = "/dev/outbox"
	// PreviewPath shows every kind of mail in every language, with invented data.
	PreviewPath = "/dev/mails"
)

const (
	// shown is how many mails of a company the outbox shows.
	shown = 50
	// developmentPolicy permits the styles of mails, which are attributes.
	developmentPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)

// shownMail is a mail on a page for development.
type shownMail struct {
	row     db.GetMailRow
	content Content
	// before and after are the text before and after the link.
	before, after, link string
	// html is the path of the mail as HTML.
	html string
}

// Development returns the pages for development, at OutboxPath and PreviewPath. They show mails of all companies to
// everybody, with working links, so no other environment has them.
func Development(store *postgres.Store, renderer Renderer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		renderer := renderer
		if renderer.Site == "" {
			request := access.RequestOf(r.Context())
			renderer.Site = "http://" + request.Host + request.Base
		}
		found, err := outgoing(r, store, renderer)
		if err != nil {
			http.Error(w, "the mails cannot be read: "+err.Error(), http.StatusInternalServerError)
			return
		}
		header := w.Header()
		header.Set("Content-Security-Policy", developmentPolicy)
		header.Set("Content-Type", "text/html; charset=utf-8")
		if id := r.URL.Query().Get("html"); id != "" {
			for _, one := range found {
				if one.row.Mail.ID.String() == id {
					_, _ = w.Write([]byte(one.content.HTML))
					return
				}
			}
			http.Error(w, "there is no such mail", http.StatusNotFound)
			return
		}
		var body bytes.Buffer
		list := mailList(r.URL.Path == OutboxPath, found) //nolint:contextcheck // Render passes it on
		if err := list.Render(r.Context(), &body); err != nil {
			http.Error(w, "the page cannot be written", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(body.Bytes())
	})
}

// outgoing returns the mails of a page, the latest first.
func outgoing(r *http.Request, store *postgres.Store, renderer Renderer) ([]shownMail, error) {
	rows := invented()
	if r.URL.Path == OutboxPath {
		rows = nil
		companies, err := store.Lookup().AllCompanies(r.Context())
		if err != nil {
			return nil, err
		}
		for _, company := range companies {
			listed, err := store.Of(company.ID).ListMails(r.Context(), db.ListMailsParams{CompanyID: company.ID, MaxRows: shown})
			if err != nil && !fault.Is(err, fault.ResourceNotFound) {
				return nil, err
			}
			for _, one := range listed {
				rows = append(rows, db.GetMailRow(one))
			}
		}
		slices.SortFunc(rows, func(a, b db.GetMailRow) int { return b.Mail.CreatedAt.Compare(a.Mail.CreatedAt) })
	}
	found := make([]shownMail, 0, len(rows))
	var errs []error
	for _, row := range rows {
		l := renderer.letter(row)
		content, err := renderer.Render(r.Context(), row)
		errs = append(errs, err)
		one := shownMail{row: row, content: content, before: content.Text, html: "?html=" + row.Mail.ID.String()}
		if l.url != "" {
			one.before, one.after, _ = strings.Cut(content.Text, l.url)
			one.link = l.url
		}
		found = append(found, one)
	}
	return found, errors.Join(errs...)
}

// invented returns a mail of every kind in every language.
func invented() []db.GetMailRow {
	var rows []db.GetMailRow
	for _, kind := range Kinds() {
		for _, language := range Languages() {
			rows = append(rows, db.GetMailRow{
				Mail: db.Mail{
					ID:   uuid.NewSHA1(uuid.Nil, []byte(string(kind)+string(language))),
					Kind: kind, State: stored.MailStateKept, CreatedAt: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC),
				},
				Email: "nora.lind@acme.example", FirstName: "Nora", LastName: "Lind", Language: language,
				CompanyName: "Acme Robotics", Timezone: "Europe/Berlin",
			})
		}
	}
	return rows
}

// href is the target of a link.
func href(link string) templ.SafeURL { return templ.SafeURL(link) }
