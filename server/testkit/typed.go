package testkit

import (
	"bytes"
	"io"
	"net/http"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
)

// Typed returns the generated client with the same credentials for the same replica. It sends its requests through the
// Client, so their responses are checked against the specification too.
func (c *Client) Typed() *apiclient.ClientWithResponses {
	c.t.Helper()
	client, err := apiclient.NewClientWithResponses(c.URL, apiclient.WithHTTPClient(typed{c}))
	must(c.t, err)
	return client
}

// typed sends the requests of the generated client through a Client.
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
