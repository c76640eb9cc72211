package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestRetriesAfterKill kills the process while it creates jobs, starts it again and repeats all requests with their
// idempotency keys. Each job exists once, and requests that were answered before the kill get the same answer.
func TestRetriesAfterKill(t *testing.T) {
	t.Parallel()
	const rounds, requests = 3, 30
	dir := sharedTempDir(t)
	process, base := serve(t, dir)
	for round := range rounds {
		client := signedIn(t, base)
		create := func(n int) (string, error) {
			title := fmt.Sprintf("Welder of round%d, %d", round, n)
			response, err := client.CreateJobWithResponse(t.Context(), &apiclient.CreateJobParams{IdempotencyKey: &[]string{fmt.Sprintf("round-%d-%d", round, n)}[0]},
				apiclient.CreateJobRequest{Title: title})
			if err != nil || response.JSON201 == nil {
				return "", err
			}
			return response.HTTPResponse.Header.Get("Location"), nil
		}
		var before [requests]string
		var all sync.WaitGroup
		done := make(chan struct{}, requests)
		for n := range requests {
			all.Go(func() {
				before[n], _ = create(n)
				done <- struct{}{}
			})
		}
		for range 1 + 10*round { // the other requests are still running
			<-done
		}
		if err := process.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := <-process.ended; err == nil {
			t.Error("the killed process succeeded")
		}
		all.Wait()

		process, base = serve(t, dir)
		client = signedIn(t, base)
		answered := 0
		for n := range requests {
			var after string
			testkit.Eventually(t, timeout, "a repeated request succeeds", func() bool {
				after, _ = create(n)
				return after != ""
			})
			if before[n] != "" && before[n] != after {
				t.Errorf("location of request %d: got %s, want %s", n, after, before[n])
			}
			if before[n] != "" {
				answered++
			}
		}
		t.Logf("%d of %d requests were answered before the kill", answered, requests)

		query := fmt.Sprintf("round%d", round)
		limit := int32(200)
		listed, err := client.ListJobsWithResponse(t.Context(), &apiclient.ListJobsParams{Q: &query, Limit: &limit})
		if err != nil || listed.JSON200 == nil || len(listed.JSON200.Data) != requests {
			t.Errorf("jobs of round %d: got %+v and error %v, want %d", round, listed.JSON200, err, requests)
		}
	}
	process.stop(t)
}

// signedIn returns the client of a demo admin.
func signedIn(t *testing.T, base string) *apiclient.ClientWithResponses {
	t.Helper()
	client, err := apiclient.NewClientWithResponses(base)
	if err != nil {
		t.Fatal(err)
	}
	var token string
	testkit.Eventually(t, timeout, "a demo account signs in", func() bool {
		response, err := client.LoginWithResponse(t.Context(), apiclient.LoginRequest{
			Email: "admin@acme.example", Password: demo.Password,
		})
		if err != nil || response.JSON200 == nil {
			return false
		}
		token = response.JSON200.AccessToken
		return true
	})
	client, err = apiclient.NewClientWithResponses(base, apiclient.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}
