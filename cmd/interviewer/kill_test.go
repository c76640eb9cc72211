package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	openapi_types "github.com/oapi-codegen/runtime/types"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestKilledBetweenCommitAndAnswer kills the process while it creates jobs, starts it again and sends every request again:
// each job is there once, and whoever was answered before is answered the same.
func TestKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	const rounds, each = 3, 30
	dir := openFolder(t)
	process, base := serve(t, dir)
	for round := range rounds {
		client := signedIn(t, base)
		create := func(n int) (string, error) {
			title := fmt.Sprintf("Welder %d-%d", round, n)
			answer, err := client.CreateJobWithResponse(t.Context(), &apiclient.CreateJobParams{IdempotencyKey: &[]string{fmt.Sprintf("round-%d-%d", round, n)}[0]},
				apiclient.CreateJobRequest{Title: title})
			if err != nil || answer.JSON201 == nil {
				return "", err
			}
			return answer.HTTPResponse.Header.Get("Location"), nil
		}
		var before [each]string
		var all sync.WaitGroup
		done := make(chan struct{}, each)
		for n := range each {
			all.Go(func() {
				before[n], _ = create(n)
				done <- struct{}{}
			})
		}
		for range 1 + 10*round { // the others are somewhere on the way
			<-done
		}
		if err := process.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := <-process.ended; err == nil {
			t.Error("the process was killed and ended well")
		}
		all.Wait()
		process, base = serve(t, dir)
		client = signedIn(t, base)
		answered := 0
		for n := range each {
			var after string
			testkit.Eventually(t, patience, "a request sent again succeeds", func() bool {
				after, _ = create(n)
				return after != ""
			})
			if before[n] != "" && before[n] != after {
				t.Errorf("request %d: first %s, then %s", n, before[n], after)
			}
			if before[n] != "" {
				answered++
			}
		}
		t.Logf("of %d requests %d were answered before the end", each, answered)
		query := fmt.Sprintf("Welder %d-", round)
		limit := int32(200)
		listed, err := client.ListJobsWithResponse(t.Context(), &apiclient.ListJobsParams{Q: &query, Limit: &limit})
		if err != nil || listed.JSON200 == nil || len(listed.JSON200.Data) != each {
			t.Errorf("of %d requests came %+v: %v", each, listed.JSON200, err)
		}
	}
	process.end(t)
}

// signedIn gives the client of a demo admin.
func signedIn(t *testing.T, base string) *apiclient.ClientWithResponses {
	t.Helper()
	client, err := apiclient.NewClientWithResponses(base)
	if err != nil {
		t.Fatal(err)
	}
	var token string
	testkit.Eventually(t, patience, "a demo account signs in", func() bool {
		answer, err := client.LoginWithResponse(t.Context(), apiclient.LoginRequest{
			Email: openapi_types.Email("admin@acme.example"), Password: demo.Password,
		})
		if err != nil || answer.JSON200 == nil {
			return false
		}
		token = answer.JSON200.AccessToken
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
