package browsertest

import "strings"

// Response is the response that the page "Try it" shows.
type Response struct {
	// Status is the HTTP status, such as "200".
	Status string
	// Body is the body as shown, with JSON indented.
	Body string
}

// Authorize enters an access token in the dialog of the page "Try it".
func (b *Browser) Authorize(token string) {
	b.t.Helper()
	b.Click(".auth-wrapper .authorize")
	b.Fill(".modal-ux input", token)
	b.Click(".modal-ux .authorize")
	b.Click(".modal-ux .btn-done")
}

// Try opens an operation on the page "Try it", enters the body if it is not empty, and sends the request. It can be
// called once for each operation.
func (b *Browser) Try(operationID, body string) Response {
	b.t.Helper()
	operation := `[id^="operations-"][id$="-` + operationID + `"] `
	b.Click(operation + ".opblock-summary-control")
	b.Click(operation + ".try-out__btn")
	if body != "" {
		b.Fill(operation+".body-param__text", body)
	}
	b.Click(operation + ".execute")
	status, _, _ := strings.Cut(b.Text(operation+".live-responses-table tbody .response-col_status"), "\n")
	return Response{
		Status: strings.TrimSpace(status),
		Body:   b.Text(operation + ".live-responses-table tbody .response-col_description code"),
	}
}
