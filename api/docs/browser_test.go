package docs_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/docs"
	"github.com/ai-interviewer-platform/interviewer/api/docs/browsertest"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
)

// received is one request to the API that the page describes.
type received struct {
	method, path, authorization, body string
}

// described serves the documentation, the description beside it, and the two operations that the test tries. It reports the
// requests to them.
func described(t *testing.T) (*httptest.Server, <-chan received) {
	t.Helper()
	o := options(t)
	o.Demo = true
	requests := make(chan received, 8)
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("read the request: %v", err)
			}
			requests <- received{r.Method, r.URL.Path, r.Header.Get("Authorization"), string(sent)}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		}
	}
	mux := http.NewServeMux()
	h := handler(t, o)
	mux.Handle(docs.Prefix, h)
	mux.Handle(docs.Prefix+"/", h)
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/openapi.json")
	})
	mux.HandleFunc("POST /api/v1/auth/login", answer(`{"access_token":"token-of-ada","expires_in":900}`))
	mux.HandleFunc("GET /api/v1/users/me", answer(`{"email":"ada@example.com","role":"hr","department":null}`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, requests
}

// next gives a request that has been answered already.
func next(t *testing.T, requests <-chan received) received {
	t.Helper()
	select {
	case r := <-requests:
		return r
	default:
		t.Fatal("the server got no request")
		return received{}
	}
}

func TestTryingInBrowser(t *testing.T) {
	t.Parallel()
	server, requests := described(t)
	b := browsertest.Open(t, server.URL+docs.Prefix+"/try")
	b.WaitFor("#operations-auth-Login")

	// A visitor signs in by the page.
	login := b.Try("Login", `{"email":"grace@example.com","password":"a nanosecond"}`)
	if login.Status != "200" || !strings.Contains(login.Body, "token-of-ada") {
		t.Errorf("the page shows %+v for the login", login)
	}
	var sent map[string]string
	got := next(t, requests)
	if err := json.Unmarshal([]byte(got.body), &sent); err != nil || sent["email"] != "grace@example.com" {
		t.Errorf("the server got %+v (%v), want what was typed", got, err)
	}
	if got.method != http.MethodPost || got.path != "/api/v1/auth/login" || got.authorization != "" {
		t.Errorf("the server got %+v, want an anonymous login", got)
	}
	if text := b.Text("#operations-auth-Login .live-responses-table"); !strings.Contains(text, "Request duration") {
		t.Errorf("the page does not show how long the request took: %s", text)
	}

	// They enter the token, and it is sent.
	b.Authorize("token-of-ada")
	if me := b.Try("GetMe", ""); me.Status != "200" || !strings.Contains(me.Body, "ada@example.com") {
		t.Errorf("the page shows %+v for the profile", me)
	}
	if got := next(t, requests); got.path != "/api/v1/users/me" || got.authorization != "Bearer token-of-ada" {
		t.Errorf("the server got %+v, want the token of the dialog", got)
	}

	// The token is in no storage, and the address leads back to the operation.
	if stored := b.Script("localStorage.length + sessionStorage.length + document.cookie"); stored != "0" {
		t.Errorf("the page stored something: %s", stored)
	}
	if hash := b.Script("location.hash"); hash != "#/auth/GetMe" {
		t.Errorf("the address of the opened operation is %q", hash)
	}

	keep(t, "tried", b.Screenshot())
	b.Show(390, 844, true)
	checkFits(t, b, "an opened operation")
	keep(t, "tried-narrow-dark", b.Screenshot())
	checkQuiet(t, b, server.URL)
}

func TestTryingFilter(t *testing.T) {
	t.Parallel()
	server, _ := described(t)
	b := browsertest.Open(t, server.URL+docs.Prefix+"/try")
	const shown = "Array.from(document.querySelectorAll('.opblock'), (one) => one.id.split('-').pop()).join()"
	b.WaitFor("#operations-auth-Login")
	for _, c := range []struct{ phrase, want string }{
		{"sign IN", "Login"},
		{"/users", "GetMe"},
		{"patch", "UpdateInterview"},
		{"draft delete", "DeleteInterview"},
		{"interviews", "UpdateInterview,DeleteInterview"},
		{"no such words", ""},
	} {
		b.Fill(".operation-filter input", c.phrase)
		b.WaitUntil(shown + " === " + strconv.Quote(c.want))
	}
	checkQuiet(t, b, server.URL)
}

// TestLooks shows every kind of page in every kind of window. The pictures are kept where DOCS_SCREENSHOT names a file.
func TestLooks(t *testing.T) {
	t.Parallel()
	server, _ := described(t)
	windows := []struct {
		name          string
		width, height int64
		dark          bool
	}{
		{"light", 1280, 900, false},
		{"dark", 1280, 900, true},
		{"narrow", 390, 844, false},
		{"narrow-dark", 390, 844, true},
	}
	b := browsertest.Open(t, server.URL+docs.Prefix)
	for _, page := range []struct{ name, path, ready string }{
		{"guide", docs.Prefix, "#webhooks"},
		{"operations", docs.Prefix + "/interviews", "#CreateInterview"},
		{"schemas", docs.Prefix + "/schemas", "#Interview"},
		{"permissions", docs.Prefix + "/permissions", ".rights"},
		{"try", docs.Prefix + "/try", "#operations-interviews-DeleteInterview"},
		{"problems", docs.Prefix + "/problems", "#status-503"},
		{"problem", docs.ProblemPath(fault.VersionMismatch), ".facts"},
		{"state-machines", docs.Prefix + "/state-machines", "#machine-score"},
	} {
		b.Load(server.URL + page.path)
		b.WaitFor(page.ready)
		for _, window := range windows {
			name := page.name + "-" + window.name
			b.Show(window.width, window.height, window.dark)
			checkFits(t, b, name)
			picture := b.Screenshot()
			keep(t, name, picture)
			checkPicture(t, name, picture, window.dark)
		}
	}
	checkQuiet(t, b, server.URL)
}

// checkQuiet wants no complaint of the browser, and no request but to the test's server.
func checkQuiet(t *testing.T, b *browsertest.Browser, origin string) {
	t.Helper()
	for _, complaint := range b.Complaints() {
		t.Errorf("the browser complains: %s", complaint)
	}
	for _, request := range b.Requests() {
		_, url, _ := strings.Cut(request, " ")
		if !strings.HasPrefix(url, origin+"/") && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page asked elsewhere: %s", request)
		}
	}
}

// checkFits wants nothing that a reader would have to scroll sideways for.
func checkFits(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	if fits := b.Script("document.documentElement.scrollWidth <= innerWidth"); fits != "true" {
		t.Errorf("%s is wider than its window", name)
	}
}

// checkPicture wants something on the page, and a background of the right brightness.
func checkPicture(t *testing.T, name string, picture []byte, dark bool) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatalf("%s: decode the screenshot: %v", name, err)
	}
	colours := make(map[[3]uint32]int)
	bounds := img.Bounds()
	const step = 3 // A sample is enough, and the pictures are large.
	for y := bounds.Min.Y; y < bounds.Max.Y; y += step {
		for x := bounds.Min.X; x < bounds.Max.X; x += step {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	if len(colours) < 100 {
		t.Errorf("%s has only %d colours", name, len(colours))
	}
	var most [3]uint32
	for colour, n := range colours {
		if n > colours[most] {
			most = colour
		}
	}
	if brightness := (most[0] + most[1] + most[2]) / 3; (brightness < 128) != dark {
		t.Errorf("the background of %s is %v", name, most)
	}
}

// keep writes a picture beside the file that DOCS_SCREENSHOT names, and a group of operations in light colours to that file.
func keep(t *testing.T, name string, picture []byte) {
	t.Helper()
	target := os.Getenv("DOCS_SCREENSHOT")
	if target == "" {
		return
	}
	if name != "operations-light" {
		extension := filepath.Ext(target)
		target = strings.TrimSuffix(target, extension) + "-" + name + extension
	}
	if err := os.WriteFile(target, picture, 0o600); err != nil {
		t.Errorf("keep the screenshot: %v", err)
	}
}
