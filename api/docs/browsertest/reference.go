package browsertest

import "strings"

// Answer is what the reference page shows after an operation was tried.
type Answer struct {
	// Status is the HTTP status, such as "200".
	Status string
	// Body is the body as the page shows it, JSON indented.
	Body string
}

// Authorize enters an access token into the dialog of the reference page.
func (b *Browser) Authorize(token string) {
	b.t.Helper()
	b.Click(".auth-wrapper .authorize")
	b.Fill(".modal-ux input", token)
	b.Click(".modal-ux .authorize")
	b.Click(".modal-ux .btn-done")
}

// Try opens an operation of the reference page, presses "Try it out", replaces the body where one is given, and presses
// "Execute". Each operation can be tried once in a browser.
func (b *Browser) Try(operationID, body string) Answer {
	b.t.Helper()
	operation := `[id^="operations-"][id$="-` + operationID + `"] `
	b.Click(operation + ".opblock-summary-control")
	b.Click(operation + ".try-out__btn")
	if body != "" {
		b.Fill(operation+".body-param__text", body)
	}
	b.Click(operation + ".execute")
	status, _, _ := strings.Cut(b.Text(operation+".live-responses-table tbody .response-col_status"), "\n")
	return Answer{
		Status: strings.TrimSpace(status),
		Body:   b.Text(operation + ".live-responses-table tbody .response-col_description code"),
	}
}
