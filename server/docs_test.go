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

// TestReferenceOfTheRealService looks at the page for trying in a browser as a newcomer would: signs in with try-it-out,
// authorizes, and asks who they are.
func TestReferenceOfTheRealService(t *testing.T) {
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
		t.Fatalf("Login by try-it-out: %s %s", answer.Status, answer.Body)
	}
	var pair api.TokenPair
	if err := json.Unmarshal([]byte(answer.Body), &pair); err != nil {
		t.Fatal(err)
	}
	browser.Authorize(pair.AccessToken)
	if answer = browser.Try("GetMe", ""); answer.Status != "200" {
		t.Fatalf("GetMe by try-it-out: %s %s", answer.Status, answer.Body)
	}
	if messages := browser.Errors(); len(messages) > 0 {
		t.Errorf("the browser reports: %v", messages)
	}
	picture := browser.Screenshot()
	if path := os.Getenv("DOCS_SCREENSHOT"); path != "" {
		if err := os.WriteFile(path, picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[4]uint32]bool{}
	for y := range decoded.Bounds().Dy() {
		for x := range decoded.Bounds().Dx() {
			r, g, b, a := decoded.At(x, y).RGBA()
			colours[[4]uint32{r, g, b, a}] = true
		}
	}
	if len(colours) < 50 {
		t.Errorf("the page is nearly blank: %d colours", len(colours))
	}
}
