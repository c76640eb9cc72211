package recovery_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/docs/browsertest"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
)

// visit sends a request for a page. The form may be nil.
func visit(t *testing.T, method, address string, form url.Values, header ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body), response.Header
}

func passwords(first, second string) url.Values {
	return url.Values{"new_password": {first}, "repeated": {second}}
}

// TestPage chooses a password on the page, after visits that change nothing.
func TestPage(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	replica := s.Replica()
	page := replica.URL + "/password/" + s.token(t, replica.Anonymous(t), s.hr)
	before := s.count(t, `SELECT version FROM users WHERE id = $1`, s.hr.ID)
	for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodGet} {
		status, body, header := visit(t, method, page, nil)
		if status != http.StatusOK || method == http.MethodGet && !strings.Contains(body, "<form") {
			t.Errorf("%s: got status %d with\n%s", method, status, body)
		}
		csp := header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: got the headers %v", method, header)
		}
	}
	for name, test := range map[string]struct {
		form   url.Values
		header []string
		status int
		text   string
	}{
		"different":         {passwords(better, better+"x"), nil, http.StatusUnprocessableEntity, "The two passwords differ."},
		"too common":        {passwords("password123", "password123"), nil, http.StatusUnprocessableEntity, "most common"},
		"the email":         {passwords("hr@acme.example", "hr@acme.example"), nil, http.StatusUnprocessableEntity, "your email address"},
		"empty":             {url.Values{}, nil, http.StatusUnprocessableEntity, "at least 8 characters"},
		"malformed":         {nil, []string{"Content-Type", "application/x-www-form-urlencoded; x"}, http.StatusBadRequest, "Please try again"},
		"too large":         {passwords(strings.Repeat("a", 20_000), "a"), nil, http.StatusBadRequest, "Please try again"},
		"from another site": {passwords(better, better), []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden, "cross_site_request"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body, _ := visit(t, http.MethodPost, page, test.form, test.header...); status != test.status || !strings.Contains(body, test.text) {
				t.Errorf("got status %d with\n%s\nwant %d and %q", status, body, test.status, test.text)
			}
		})
	}
	if after := s.count(t, `SELECT version FROM users WHERE id = $1`, s.hr.ID); after != before {
		t.Error("visits and refused passwords have changed the user")
	}
	if status, body, _ := visit(t, http.MethodPost, page, passwords(better, better)); status != http.StatusOK ||
		!strings.Contains(body, "Your password is changed") || strings.Contains(body, "<form") {
		t.Errorf("got status %d with\n%s", status, body)
	}
	_, used, _ := visit(t, http.MethodPost, page, passwords(better, better))
	for name, address := range map[string]string{
		"used": page, "unknown": replica.URL + "/password/aippr_x", "not a token": replica.URL + "/password/%00%ff",
	} {
		status, body, _ := visit(t, http.MethodGet, address, nil)
		if status != http.StatusNotFound || body != used || !strings.Contains(body, "This link does not work") {
			t.Errorf("%s: got status %d with\n%s", name, status, body)
		}
	}
}

// TestPageIsAccessible checks the page in every language: each field has a label, the document a language, a title and one
// heading, and errors are announced. There are no scripts.
func TestPageIsAccessible(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	replica := s.Replica()
	page := replica.URL + "/password/" + s.token(t, replica.Anonymous(t), s.hr)
	titles := map[string]bool{}
	for _, language := range []string{"en", "de", "fr", "es"} {
		s.Exec(`UPDATE users SET language = $1 WHERE id = $2`, language, s.hr.ID)
		status, body, header := visit(t, http.MethodPost, page, passwords("password123", "password123"))
		if status != http.StatusUnprocessableEntity || header.Get("Content-Language") != language {
			t.Errorf("%s: got status %d and language %q", language, status, header.Get("Content-Language"))
		}
		for _, text := range []string{`<html lang="` + language + `">`, `role="alert"`, `aria-invalid="true"`, `autocomplete="new-password"`, "<main>"} {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page lacks %s", language, text)
			}
		}
		if strings.Count(body, "<h1>") != 1 || strings.Contains(body, "<script") || strings.Contains(body, "style=") {
			t.Errorf("%s: got\n%s", language, body)
		}
		for _, field := range regexp.MustCompile(`<input id="([a-z_]+)"`).FindAllStringSubmatch(body, -1) {
			if !strings.Contains(body, `<label for="`+field[1]+`">`) {
				t.Errorf("%s: the field %s has no label", language, field[1])
			}
		}
		title := regexp.MustCompile(`<title>(.*)</title>`).FindString(body)
		if titles[title] || title == "" {
			t.Errorf("%s: got the title %q of another language", language, title)
		}
		titles[title] = true
	}
	// Without a valid link, the browser says which language its user reads.
	_, body, _ := visit(t, http.MethodGet, replica.URL+"/password/x", nil, "Accept-Language", "pt, fr-CA;q=0.8")
	if !strings.Contains(body, `<html lang="fr">`) {
		t.Errorf("a link that does not work, in French: got\n%s", body)
	}
}

// TestPageInBrowser chooses a password in Chromium, which reports violations of the policy and sends the form as people's
// browsers do.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	s := newStand(t, smtptest.Options{})
	replica := s.Replica()
	page := replica.URL + "/password/" + s.token(t, replica.Anonymous(t), s.hr)
	b := browsertest.Open(t, page)
	if got := b.Script(`getComputedStyle(document.querySelector("label")).fontWeight`); got != "600" {
		t.Errorf("the style sheet is not applied: the weight of labels is %s", got)
	}
	b.Fill("#new_password", better)
	b.Fill("#repeated", better)
	b.Click("button")
	b.WaitFor("h1 + p") // the form follows the heading of the page before
	if got := b.Text("h1"); got != "Your password is changed" {
		t.Errorf("got the heading %q", got)
	}
	if errors := b.Errors(); len(errors) > 0 {
		t.Errorf("the browser reports %q", errors)
	}
}
