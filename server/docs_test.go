package server_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api/docs/browsertest"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestReferencePageInBrowser uses the page "try it out" in a browser: it signs in, authorizes, and reads the profile.
func TestReferencePageInBrowser(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	hr := installation.Company("acme").Users[api.RoleHr]
	replica := installation.Replica()

	browser := browsertest.Open(t, replica.URL+"/docs/try")
	body, err := json.Marshal(map[string]string{"email": hr.Email, "password": testkit.Password})
	if err != nil {
		t.Fatal(err)
	}
	answer := browser.Try("Login", string(body))
	if answer.Status != "200" {
		t.Fatalf("status of Login: got %s, want 200: %s", answer.Status, answer.Body)
	}
	var pair api.TokenPair
	if err := json.Unmarshal([]byte(answer.Body), &pair); err != nil {
		t.Fatal(err)
	}
	browser.Authorize(pair.AccessToken)
	if answer = browser.Try("GetMe", ""); answer.Status != "200" {
		t.Fatalf("status of GetMe: got %s, want 200: %s", answer.Status, answer.Body)
	}
	if messages := browser.Errors(); len(messages) > 0 {
		t.Errorf("errors in the browser: got %v, want none", messages)
	}
	screenshot := browser.Screenshot()
	if path := os.Getenv("DOCS_SCREENSHOT"); path != "" {
		if err := os.WriteFile(path, screenshot, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	// A page that failed to render has few colors.
	decoded, err := png.Decode(bytes.NewReader(screenshot))
	if err != nil {
		t.Fatal(err)
	}
	colors := map[[4]uint32]bool{}
	for y := range decoded.Bounds().Dy() {
		for x := range decoded.Bounds().Dx() {
			r, g, b, a := decoded.At(x, y).RGBA()
			colors[[4]uint32{r, g, b, a}] = true
		}
	}
	if len(colors) < 50 {
		t.Errorf("colors on the page: got %d, want at least 50", len(colors))
	}
}
