package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// journey books interviews, writes a score, limits and rotates an API key, and signs in and out: what writes the tables
// that migrations with triggers change. Its requests are sent one after the other, to the releases in turn, and each
// must succeed.
type journey struct {
	*load
	ctx context.Context //nolint:containedctx // it is that of one run
	// asked counts the requests, and err is the first failure; no request follows it.
	asked int
	err   error
}

// repeat runs the journey until the second context ends, and at least once. It returns the number of requests.
func (l *load) repeat(ctx, until context.Context) (asked int, err error) {
	for {
		j := journey{load: l, ctx: ctx}
		j.run()
		if asked += j.asked; j.err != nil || until.Err() != nil {
			return asked, j.err
		}
	}
}

func (j *journey) run() {
	hr, admin, employee := j.signIn("hr"), j.signIn("admin"), j.signIn("employee")
	var me struct{ ID string }
	j.ask(employee, http.MethodGet, "/api/v1/users/me", "", &me)
	var applications, kits struct {
		Data []struct {
			ID      string
			Version string `json:"published_version_id"`
		}
	}
	j.ask(hr, http.MethodGet, "/api/v1/applications?status=active&limit=1", "", &applications)
	j.ask(hr, http.MethodGet, "/api/v1/kits?is_published=true&limit=1", "", &kits)
	if j.err == nil && (len(applications.Data) == 0 || len(kits.Data) == 0) {
		j.err = fmt.Errorf("the demo data have no active application or no published kit")
	}
	if j.err != nil {
		return
	}
	const times = `"starts_at":"2035-01-08T1%d:00:00Z","ends_at":"2035-01-08T1%d:30:00Z",` +
		`"timezone":"UTC","allow_conflicts":true`
	var interview, score struct{ ID string }
	j.ask(hr, http.MethodPost, "/api/v1/interviews", fmt.Sprintf(
		`{"application_id":%q,"kit_version_id":%q,"title":"Upgrade","kind":"video","panel":[{"user_id":%q}],"schedule":{%s}}`,
		applications.Data[0].ID, kits.Data[0].Version, me.ID, fmt.Sprintf(times, 0, 0)), &interview)
	at := "/api/v1/interviews/" + interview.ID
	j.ask(employee, http.MethodPost, at+"/respond", `{"response":"declined"}`, nil)
	j.ask(employee, http.MethodPost, at+"/respond", `{"response":"accepted"}`, nil)
	j.ask(hr, http.MethodPost, at+"/reschedule", fmt.Sprintf("{"+times+`,"reason":"Upgrade"}`, 1, 1), nil)
	j.ask(employee, http.MethodPost, at+"/start", "", nil)
	j.ask(employee, http.MethodPost, at+"/scores", `{"comment":"Upgrade"}`, &score)
	j.ask(employee, http.MethodPatch, "/api/v1/scores/"+score.ID, `{"comment":"Again"}`, nil)
	j.ask(hr, http.MethodPost, at+"/cancel", `{"reason":"Upgrade"}`, nil)

	var key struct {
		APIKey struct{ ID string } `json:"api_key"`
		Secret string
	}
	limit := fmt.Sprintf(`"job_ids":[%q]`, j.job)
	j.ask(admin, http.MethodPost, "/api/v1/api-keys", `{"name":"Upgrade","scopes":["jobs:read"],`+limit+`}`, &key)
	at = "/api/v1/api-keys/" + key.APIKey.ID
	j.ask(key.Secret, http.MethodGet, "/api/v1/jobs", "", nil)
	j.ask(admin, http.MethodPatch, at, `{"job_ids":null}`, nil)
	j.ask(admin, http.MethodPatch, at, "{"+limit+"}", nil)
	j.ask(admin, http.MethodPost, at+"/rotate", `{"overlap_seconds":60}`, &key)
	j.ask(key.Secret, http.MethodGet, "/api/v1/jobs/"+j.job, "", nil)
	j.ask(admin, http.MethodPost, at+"/revoke", "", nil)
	for _, token := range []string{hr, admin, employee} {
		j.ask(token, http.MethodPost, "/api/v1/auth/logout", "", nil)
	}
}

// signIn returns an access token of a demo account. It is that of a refresh, which rotates the session.
func (j *journey) signIn(name string) string {
	var pair struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	account := fmt.Sprintf(`{"email":"%s@acme.example","password":"SecurePassword123!"}`, name)
	j.ask("", http.MethodPost, "/api/v1/auth/login", account, &pair)
	j.ask("", http.MethodPost, "/api/v1/auth/refresh", fmt.Sprintf(`{"refresh_token":%q}`, pair.Refresh), &pair)
	return pair.Access
}

// ask sends a request, and decodes its response unless into is nil. After a failure it does nothing.
func (j *journey) ask(token, method, path, body string, into any) {
	if j.err != nil {
		return
	}
	j.asked++
	status, content, err := j.send(j.ctx, token, j.urls[j.asked%len(j.urls)], method, path, body)
	if err == nil && (status < http.StatusOK || status >= http.StatusMultipleChoices) {
		err = fmt.Errorf("got status %d: %.300s", status, content)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		j.err = fmt.Errorf("%s %s: %w", method, path, err)
	}
}
