package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
)

// tokenVariable is the environment variable with an access token or an API key's secret.
const tokenVariable = "INTERVIEWER_TOKEN"

// target is the address of a service, the account to sign in with, and the slug of its company if that is a test
// company.
type target struct{ address, email, test string }

// connect returns an authenticated client and a function that ends its session. It uses the token of the environment,
// or signs in with a password from standard input. stdinUsed says that standard input has other data, so no password
// can be read.
func (p program) connect(
	ctx context.Context, to target, stdinUsed bool,
) (client *apiclient.Client, logout func(), err error) {
	target, err := url.Parse(to.address)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, nil, fmt.Errorf("--api must be a URL such as https://hiring.acme.example, not %q", to.address)
	}
	token := p.getenv(tokenVariable)
	switch {
	case token == "" && to.email == "":
		return nil, nil, fmt.Errorf("no credentials: set --email, or set %s to an access token", tokenVariable)
	case token == "" && stdinUsed:
		return nil, nil, fmt.Errorf("the password cannot be read from standard input, which is the file: set %s",
			tokenVariable)
	}
	authorize := apiclient.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	})
	client, err = apiclient.NewClient(to.address, authorize)
	if err != nil {
		return nil, nil, fmt.Errorf("create client of %s: %w", to.address, err)
	}
	if token != "" {
		return client, func() {}, nil
	}
	passwords, err := p.readPasswords("Password: ")
	if err != nil {
		return nil, nil, err
	}
	opened, err := openSession(ctx, client, to, passwords[0])
	if err != nil {
		return nil, nil, err
	}
	token = opened.AccessToken
	return client, func() {
		// The access token may have expired. If this fails, the session expires as well.
		refresh := apiclient.LogoutRequest{RefreshToken: &opened.RefreshToken}
		if response, err := client.Logout(context.WithoutCancel(ctx), nil, refresh); err == nil {
			_ = response.Body.Close()
		}
	}, nil
}

func openSession(
	ctx context.Context, client *apiclient.Client, to target, password string,
) (pair apiclient.TokenPair, err error) {
	credentials := apiclient.LoginRequest{Email: to.email, Password: password}
	if to.test != "" {
		credentials.Company = &to.test
	}
	response, err := client.Login(ctx, credentials)
	var unreachable *url.Error
	switch {
	case errors.As(err, &unreachable):
		return pair, fmt.Errorf("cannot reach the service at %s: %w", to.address, err)
	case err != nil:
		return pair, fmt.Errorf("sign in with --email %s: %w", to.email, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		problem, err := readProblem(response)
		if err != nil {
			return pair, err
		}
		return pair, errors.New(problemText(problem))
	}
	if err := json.NewDecoder(response.Body).Decode(&pair); err != nil {
		return pair, fmt.Errorf("decode tokens: %w", err)
	}
	return pair, nil
}

// getenv returns a variable of the process's environment, or an empty string. The last of several with the same name
// counts.
func (p program) getenv(name string) (value string) {
	for _, pair := range p.environ {
		if found, ok := strings.CutPrefix(pair, name+"="); ok {
			value = found
		}
	}
	return value
}

// readProblem decodes an error response. A response that is not a problem of this service, for example one of a
// proxy, is an error.
func readProblem(response *http.Response) (apiclient.Problem, error) {
	const maxBytes = 4 << 20 // a thousand errors, each with a long detail
	var problem apiclient.Problem
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBytes))
	if err != nil {
		return problem, fmt.Errorf("read response: %w", err)
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return problem, fmt.Errorf("the response does not come from the service: %s; check --api", response.Status)
	}
	return problem, nil
}

// problemText returns the text of a problem for display, with every error on a line.
func problemText(problem apiclient.Problem) string {
	var b strings.Builder
	b.WriteString(problem.Detail)
	for _, wrong := range problem.Errors {
		place := ""
		if wrong.Pointer != nil {
			place = *wrong.Pointer
		} else if wrong.Parameter != nil {
			place = *wrong.Parameter
		}
		b.WriteString("\n  " + withPlace(place, wrong.Detail))
	}
	return b.String()
}
