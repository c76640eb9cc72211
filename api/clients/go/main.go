// Command go lists candidates with the Go client. docs/clients.md contains the part between the README lines.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	api "github.com/ai-interviewer-platform/interviewer/gen/client"
)

func main() {
	log.SetFlags(0)
	url := cmp.Or(os.Getenv("API_URL"), "http://localhost:8000")
	if err := listCandidates(context.Background(), os.Stdout, url, os.Getenv("API_KEY")); err != nil {
		log.Fatal(err)
	}
}

func listCandidates(ctx context.Context, out io.Writer, url, key string) error {
	// README
	client, err := api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key) // aip_live_…, or an access token
		return nil
	}))
	if err != nil {
		return err
	}
	query := api.ListCandidatesParams{Tag: api.ByTag{"python"}, Limit: new(int32(10))}
	response, err := client.ListCandidatesWithResponse(ctx, &query)
	if err != nil {
		return err
	}
	if response.JSON200 == nil {
		return problemError(response.Body)
	}
	for _, candidate := range response.JSON200.Data {
		_, _ = fmt.Fprintln(out, candidate.FirstName, candidate.LastName, candidate.Status)
	}
	// README
	return nil
}

// problemError returns an error with the code and the detail of a problem document.
func problemError(body []byte) error {
	var problem api.Problem
	if err := json.Unmarshal(body, &problem); err != nil {
		return fmt.Errorf("decode problem document: %w", err)
	}
	return fmt.Errorf("%s: %s", problem.Code, problem.Detail)
}
