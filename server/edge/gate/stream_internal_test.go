package gate

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// TestStreamsPerActor expects that streams are counted for each actor while they run.
func TestStreamsPerActor(t *testing.T) {
	t.Parallel()
	var s streams
	nora, emil := uuid.New(), uuid.New()
	for range streamsEach {
		if !s.begin(nora) {
			t.Fatal("a stream within the bound was refused")
		}
	}
	if s.begin(nora) {
		t.Error("a stream above the bound was permitted")
	}
	if !s.begin(emil) {
		t.Error("streams count against another actor")
	}
	s.end(nora)
	if !s.begin(nora) {
		t.Error("an ended stream still counts")
	}
	s.end(emil)
	for range streamsEach {
		s.end(nora)
	}
	if len(s.open) != 0 {
		t.Errorf("ended streams are kept: %v", s.open)
	}
}

// TestStreamsOutlastOtherRequests keeps an upload and its response open beyond the server's deadlines for reading and
// writing. Neither may be cut off, and the context must not end, which the server ends when it can no longer read.
func TestStreamsOutlastOtherRequests(t *testing.T) {
	t.Parallel()
	const patience = 50 * time.Millisecond
	var s streams
	reading := make(chan struct{})
	e := echo.New()
	e.POST("/", func(c echo.Context) error {
		return s.run(c, uuid.New(), func(c echo.Context) error {
			close(reading)
			content, err := io.ReadAll(c.Request().Body)
			if err != nil || string(content) != "first, second" {
				t.Errorf("the body is %q, %v", content, err)
			}
			if _, err := io.WriteString(c.Response(), "third, "); err != nil {
				return err
			}
			c.Response().Flush()
			select {
			case <-c.Request().Context().Done():
				t.Error("the context has ended")
			case <-time.After(4 * patience):
			}
			_, err = io.WriteString(c.Response(), "fourth")
			return err
		})
	})
	server := httptest.NewUnstartedServer(e)
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout, server.Config.WriteTimeout = time.Minute, patience, patience
	server.Start()
	t.Cleanup(server.Close)
	body, sender := io.Pipe()
	go func() {
		_, err := io.WriteString(sender, "first, ")
		<-reading
		<-time.After(4 * patience)
		_, late := io.WriteString(sender, "second")
		_ = sender.CloseWithError(errors.Join(err, late)) // never fails
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if content, err := io.ReadAll(response.Body); err != nil || string(content) != "third, fourth" {
		t.Errorf("the response is %q, %v", content, err)
	}
}
