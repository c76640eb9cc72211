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
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// received is a request that the test server has received.
type received struct {
	method, path, authorization, body string
}

// serve starts a server for the reference, the OpenAPI document, and the two operations that the tests call. The
// channel receives the requests to these operations.
func serve(t *testing.T) (*httptest.Server, <-chan received) {
	t.Helper()
	o := options(t)
	o.Demo = true
	requests := make(chan received, 8)
	respond := func(body string) http.HandlerFunc {
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
	mux.HandleFunc("POST /api/v1/auth/login", respond(`{"access_token":"token-of-ada","expires_in":900}`))
	mux.HandleFunc("GET /api/v1/users/me", respond(`{"email":"ada@example.com","role":"hr","department":null}`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, requests
}

// next returns the next request. The server must have answered it already.
func next(t *testing.T, requests <-chan received) received {
	t.Helper()
	select {
	case r := <-requests:
		return r
	default:
		t.Fatal("the server received no request")
		return received{}
	}
}

func TestTryItSendsRequests(t *testing.T) {
	t.Parallel()
	server, requests := serve(t)
	b := browsertest.Open(t, server.URL+docs.Prefix+"/try")
	b.WaitFor("#operations-auth-Login")

	// Sign in.
	login := b.Try("Login", `{"email":"grace@example.com","password":"a nanosecond"}`)
	if login.Status != "200" || !strings.Contains(login.Body, "token-of-ada") {
		t.Errorf("Login: the page shows %+v", login)
	}
	var sent map[string]string
	got := next(t, requests)
	if err := json.Unmarshal([]byte(got.body), &sent); err != nil || sent["email"] != "grace@example.com" {
		t.Errorf("Login: the server received %+v (error %v), want the body that was entered", got, err)
	}
	if got.method != http.MethodPost || got.path != "/api/v1/auth/login" || got.authorization != "" {
		t.Errorf("Login: the server received %+v, want a request without a token", got)
	}
	if text := b.Text("#operations-auth-Login .live-responses-table"); !strings.Contains(text, "Request duration") {
		t.Errorf("Login: the page does not show the duration of the request: %s", text)
	}

	// Enter the token and call an operation that requires it.
	b.Authorize("token-of-ada")
	if me := b.Try("GetMe", ""); me.Status != "200" || !strings.Contains(me.Body, "ada@example.com") {
		t.Errorf("GetMe: the page shows %+v", me)
	}
	if got := next(t, requests); got.path != "/api/v1/users/me" || got.authorization != "Bearer token-of-ada" {
		t.Errorf("GetMe: the server received %+v, want the token that was entered", got)
	}

	// The token is not stored, and the address identifies the operation.
	if stored := b.Script("localStorage.length + sessionStorage.length + document.cookie"); stored != "0" {
		t.Errorf("the page has stored data: %s", stored)
	}
	if hash := b.Script("location.hash"); hash != "#/auth/GetMe" {
		t.Errorf("the fragment of the address is %q", hash)
	}

	saveScreenshot(t, "tried", b.Screenshot())
	b.Show(390, 844, true)
	checkFits(t, b, "an opened operation")
	saveScreenshot(t, "tried-narrow-dark", b.Screenshot())
	checkNoErrors(t, b, server.URL)
}

func TestTryItFiltersOperations(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
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
	checkNoErrors(t, b, server.URL)
}

// TestNavigation filters the operations, follows a link, and checks that the navigation highlights its target.
func TestNavigation(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	b := browsertest.Open(t, server.URL+docs.Prefix)
	b.WaitFor("#filter")
	const shown = "Array.from(document.querySelectorAll('.side a[data-path]')).filter((one) => one.checkVisibility())" +
		".map((one) => one.hash.slice(1)).join()"
	for _, c := range []struct{ phrase, want string }{
		{"sign IN", "Login"},
		{"patch /users/{user_id}", "UpdateUser"},
		{"DELETE panel", "RemovePanelist"},
		{"exportscores", "ExportScores"},
		{"no such words", ""},
	} {
		b.Fill("#filter", c.phrase)
		b.WaitUntil(shown + " === " + strconv.Quote(c.want))
	}
	b.Script("document.getElementById('filter').blur()")
	b.Script("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true })), ''")
	if focused := b.Script("document.activeElement.id"); focused != "filter" {
		t.Errorf("the key / focuses %q, want the filter", focused)
	}
	b.Fill("#filter", "submit score")
	b.Click(`.side a[href$="#SubmitScore"]`)
	b.WaitFor(`.side a[href$="#SubmitScore"][aria-current="location"]`)

	// In a narrow window, the navigation covers the page, and a link within the page closes it.
	b.Show(390, 844, true)
	b.WaitUntil("!document.getElementById('side').checkVisibility()")
	b.Click(".open-side")
	b.Click(`.side a[href$="#VoidScore"]`)
	b.WaitUntil("!document.getElementById('side').checkVisibility()")
	b.WaitUntil("location.hash === '#VoidScore'")
	checkNoErrors(t, b, server.URL)
}

// TestSampleLanguage checks that the language selected for one sample applies to all samples, including those of the
// next page.
func TestSampleLanguage(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	b := browsertest.Open(t, server.URL+docs.Prefix+"/kits")
	shown := func() string {
		return b.Script("Array.from(new Set(Array.from(document.querySelectorAll('.samples pre'))" +
			".filter((one) => one.checkVisibility()).map((one) => one.dataset.language))).join()")
	}
	b.WaitFor("#CreateKit .samples")
	if got := shown(); got != "curl" {
		t.Errorf("default language: got %q, want curl", got)
	}
	for _, language := range []string{"typescript", "python", "go"} {
		b.Click(`#UpdateKit .languages label:has([value="` + language + `"])`)
		if got := shown(); got != language {
			t.Errorf("selected %s, got %q", language, got)
		}
	}
	b.Load(server.URL + docs.Prefix + "/jobs")
	b.WaitFor("#CreateJob .samples")
	if got := shown(); got != "go" {
		t.Errorf("next page: got %q, want go", got)
	}
	b.Click("#CreateJob .samples .copy")
	b.WaitUntil("['Copied', 'Selected'].includes(document.querySelector('#CreateJob .samples .copy').textContent)")
	checkNoErrors(t, b, server.URL)
}

// TestLayout checks the first screen of every kind of page, in wide and narrow windows with light and dark colors: it
// must fit, have enough contrast, and not be blank. If DOCS_SCREENSHOT names a file, the screenshots are saved beside
// it.
func TestLayout(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	windows := []struct {
		name          string
		width, height int64
		dark          bool
	}{
		{"light", 1280, 900, false},
		{"dark", 1280, 900, true},
		{"narrow", 320, 844, false},
		{"narrow-dark", 320, 844, true},
	}
	b := browsertest.Open(t, server.URL+docs.Prefix)
	for _, page := range []struct{ name, path, ready string }{
		{"guide", docs.Prefix, "#events"},
		{"operations", docs.Prefix + "/interviews", "#CreateInterview"},
		{"schemas", docs.Prefix + "/schemas", "#Interview"},
		{"permissions", docs.Prefix + "/permissions", ".rights"},
		{"try", docs.Prefix + "/try", "#operations-interviews-DeleteInterview"},
		{"problems", docs.Prefix + "/problems", "#status-503"},
		{"problem", docs.ProblemPath(fault.VersionMismatch), ".facts"},
		{"state-machines", docs.Prefix + "/state-machines", "#machine-score"},
	} {
		t.Run(page.name, func(t *testing.T) {
			b.Load(server.URL + page.path)
			b.WaitFor(page.ready)
			for _, window := range windows {
				name := page.name + "-" + window.name
				b.Show(window.width, window.height, window.dark)
				checkFits(t, b, name)
				if page.name != "try" {
					checkContrast(t, b, name)
				}
				screenshot := b.View()
				saveScreenshot(t, name, screenshot)
				checkScreenshot(t, name, screenshot, window.dark)
			}
		})
	}
	checkNoErrors(t, b, server.URL)
}

// checkNoErrors checks that the browser has reported no errors, and has sent requests only to the test server.
func checkNoErrors(t *testing.T, b *browsertest.Browser, origin string) {
	t.Helper()
	for _, message := range b.Errors() {
		t.Errorf("the browser reports: %s", message)
	}
	for _, request := range b.Requests() {
		_, url, _ := strings.Cut(request, " ")
		if !strings.HasPrefix(url, origin+"/") && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page has sent a request to another server: %s", request)
		}
	}
}

// checkFits checks that the page does not scroll horizontally.
func checkFits(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	if fits := b.Script("document.documentElement.scrollWidth <= innerWidth"); fits != "true" {
		t.Errorf("%s is wider than the window", name)
	}
}

// contrast is an expression that returns the elements whose text has a contrast below 4.5:1 (WCAG 2.2, 1.4.3), one for
// each class. Backgrounds are painted over each other, because their colors can be translucent.
const contrast = `(() => {
	const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
	const light = (c) => c.map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
	const luminance = (c) => { const [r, g, b] = light(c); return .2126 * r + .7152 * g + .0722 * b; };
	const paint = (colors) => {
		canvas.fillStyle = matchMedia('(prefers-color-scheme: dark)').matches ? '#000' : '#fff';
		canvas.fillRect(0, 0, 1, 1);
		for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
		return Array.from(canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
	};
	const poor = new Map();
	for (const element of document.body.querySelectorAll('*')) {
		const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim() !== '');
		if (!own || element.closest('.visually-hidden, .skip, .anchor') || !element.checkVisibility({ opacityProperty: true })) continue;
		const under = [];
		for (let at = element; at; at = at.parentElement) under.unshift(getComputedStyle(at).backgroundColor);
		const [a, b] = [paint(under), paint([...under, getComputedStyle(element).color])].map(luminance);
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) poor.set(element.tagName + '.' + element.className, ratio.toFixed(2) + ' ' + element.textContent.trim().slice(0, 40));
	}
	return JSON.stringify(Array.from(poor));
})()`

// checkContrast checks the contrast of all texts.
func checkContrast(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	if poor := b.Script(contrast); poor != "[]" {
		t.Errorf("%s has too little contrast: %s", name, poor)
	}
}

// checkScreenshot checks that a screenshot is not blank, and that its background is light or dark.
func checkScreenshot(t *testing.T, name string, screenshot []byte, dark bool) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(screenshot))
	if err != nil {
		t.Fatalf("%s: decode the screenshot: %v", name, err)
	}
	colors := make(map[[3]uint32]int)
	bounds := img.Bounds()
	const step = 3 // every third pixel is enough
	for y := bounds.Min.Y; y < bounds.Max.Y; y += step {
		for x := bounds.Min.X; x < bounds.Max.X; x += step {
			r, g, b, _ := img.At(x, y).RGBA()
			colors[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	if len(colors) < 100 {
		t.Errorf("%s has only %d colors", name, len(colors))
	}
	var most [3]uint32
	for color, n := range colors {
		if n > colors[most] {
			most = color
		}
	}
	if brightness := (most[0] + most[1] + most[2]) / 3; (brightness < 128) != dark {
		t.Errorf("the background of %s is %v", name, most)
	}
}

// saveScreenshot saves a screenshot beside the file that DOCS_SCREENSHOT names. The one of operations-light is saved as
// that file.
func saveScreenshot(t *testing.T, name string, screenshot []byte) {
	t.Helper()
	target := os.Getenv("DOCS_SCREENSHOT")
	if target == "" {
		return
	}
	if name != "operations-light" {
		extension := filepath.Ext(target)
		target = strings.TrimSuffix(target, extension) + "-" + name + extension
	}
	if err := os.WriteFile(target, screenshot, 0o600); err != nil {
		t.Errorf("save the screenshot: %v", err)
	}
}
