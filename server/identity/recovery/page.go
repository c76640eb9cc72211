package recovery

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"golang.org/x/text/language"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// maxForm bounds the body of the form, in bytes: two passwords, percent-encoded.
const maxForm = 16 << 10

// style is the style sheet of the page. It is part of the page, so that the page needs no second request; the policy
// permits exactly this text.
//
//go:embed page.css
var style string

// policy permits the style sheet and the form, and nothing else.
func policy() string {
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// view is what the page shows.
type view struct {
	app      string
	language stored.Language
	words    words
	// email is that of the user; empty if there is no form.
	email string
	// errors are what is wrong with the input.
	errors []string
	// heading and text replace the form if email is empty.
	heading, text string
}

// Page returns the page on which a user chooses a new password, at mail.PasswordPath. GET and HEAD change nothing,
// because programs open the links of mails before people do. app is the display name of the service.
func (r *Recovery) Page(app string) http.Handler {
	csp := policy()
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", csp)
		// Browsers send "Origin: null" with the form if the policy is no-referrer, which looks like another site.
		header.Set("Referrer-Policy", "same-origin")
		header.Set("X-Robots-Tag", "noindex")
		status, v := r.serve(request)
		v.app = app
		var body bytes.Buffer
		if err := page(v).Render(request.Context(), &body); err != nil { //nolint:contextcheck // Render passes it on
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Language", string(v.language))
		w.WriteHeader(status)
		_, _ = w.Write(body.Bytes())
	})
}

// serve handles a request for the page.
func (r *Recovery) serve(request *http.Request) (status int, v view) {
	ctx := request.Context()
	found, err := r.find(ctx, strings.TrimPrefix(request.URL.Path, mail.PasswordPath))
	if err != nil {
		return failed(err, negotiate(request.Header.Get("Accept-Language")))
	}
	lang := found.user.User.Language
	v = view{language: lang, words: wordsOf(lang), email: found.user.User.Email}
	if request.Method != http.MethodPost {
		return http.StatusOK, v
	}
	request.Body = http.MaxBytesReader(nil, request.Body, maxForm)
	if err := request.ParseForm(); err != nil {
		v.errors = []string{v.words.tryAgain}
		return http.StatusBadRequest, v
	}
	plain := request.PostForm.Get("new_password")
	if plain != request.PostForm.Get("repeated") {
		v.errors = []string{v.words.different}
		return http.StatusUnprocessableEntity, v
	}
	_, err = r.choose(ctx, access.RequestOf(ctx).Origin(), found, plain)
	var f *fault.Fault
	switch {
	case err == nil:
		return http.StatusOK, view{language: lang, words: v.words, heading: v.words.doneHeading, text: v.words.done}
	case errors.As(err, &f) && f.Code() == fault.PasswordRefused:
		for _, field := range f.Fields() {
			v.errors = append(v.errors, v.words.refused[field.Code])
		}
		return http.StatusUnprocessableEntity, v
	case fault.KindOf(err) == fault.Conflict:
		v.errors = []string{v.words.tryAgain}
		return http.StatusConflict, v
	}
	return failed(err, lang)
}

// failed is the page for an error that the form cannot correct.
func failed(err error, lang stored.Language) (int, view) {
	w := wordsOf(lang)
	if fault.Is(err, fault.InvalidResetToken) {
		return http.StatusNotFound, view{language: lang, words: w, heading: w.invalidHeading, text: w.invalid}
	}
	return http.StatusServiceUnavailable, view{language: lang, words: w, heading: w.failedHeading, text: w.tryAgain}
}

// negotiate returns the language that a browser prefers; English if none is known.
func negotiate(accept string) stored.Language {
	known := mail.Languages()
	tags := make([]language.Tag, len(known))
	for i, l := range known {
		tags[i] = language.Make(string(l))
	}
	_, index := language.MatchStrings(language.NewMatcher(tags), accept)
	return known[index]
}

// css is the style sheet as an element.
func css() templ.Component { return templ.Raw("<style>" + style + "</style>") }
