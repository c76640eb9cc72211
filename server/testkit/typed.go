package testkit

import (
	"bytes"
	"io"
	"net/http"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
)

// Typed gives the generated client for the same user at the same replica. What it sends goes the same way, so its
// answers are held against the specification as all others are.
func (c *Client) Typed() *apiclient.ClientWithResponses {
	c.t.Helper()
	client, err := apiclient.NewClientWithResponses(c.URL, apiclient.WithHTTPClient(typed{c}))
	must(c.t, err)
	return client
}

// typed lets the generated client send through a Client.
type typed struct{ client *Client }

// Do sends a request as Client.Do does.
func (s typed) Do(request *http.Request) (*http.Response, error) {
	var body any
	if request.Body != nil {
		content, err := io.ReadAll(request.Body)
		must(s.client.t, err)
		body = string(content)
	}
	var headers []string
	for name, values := range request.Header {
		headers = append(headers, name, values[0])
	}
	answer := s.client.Do(request.Method, request.URL.RequestURI(), body, headers...)
	return &http.Response{
		Status: http.StatusText(answer.Status), StatusCode: answer.Status, Header: answer.Header, Request: answer.Request,
		Body: io.NopCloser(bytes.NewReader(answer.Body)),
	}, nil
}
