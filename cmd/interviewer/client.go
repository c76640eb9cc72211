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

	openapi_types "github.com/oapi-codegen/runtime/types"

	apiclient "github.com/ai-interviewer-platform/interviewer/gen/client"
)

// tokenVariable names the variable that an access token is taken from.
const tokenVariable = "INTERVIEWER_TOKEN"

// account is where a service runs, and as whom a command speaks to it. test is the slug of a test company, for one of
// its people.
type account struct{ address, email, test string }

// enter gives a client that acts as somebody, by an access token from the environment or by signing in, and what ends
// the session again. taken says that standard input is used for something else, so that no password can be read from
// it.
func (p program) enter(
	ctx context.Context, to account, taken bool,
) (client *apiclient.Client, leave func(), err error) {
	target, err := url.Parse(to.address)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, nil, fmt.Errorf("--api must be an address such as https://hiring.acme.example, not %q", to.address)
	}
	token := p.variable(tokenVariable)
	switch {
	case token == "" && to.email == "":
		return nil, nil, fmt.Errorf("say as whom: with --email, or with an access token in %s", tokenVariable)
	case token == "" && taken:
		return nil, nil, fmt.Errorf("standard input is the file, so no password can be read from it: set %s", tokenVariable)
	}
	authorize := apiclient.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	})
	client, err = apiclient.NewClient(to.address, authorize)
	if err != nil {
		return nil, nil, err
	}
	if token != "" {
		return client, func() {}, nil
	}
	typed, err := p.secret("Password: ")
	if err != nil {
		return nil, nil, err
	}
	if token, err = openSession(ctx, client, to, typed[0]); err != nil {
		return nil, nil, err
	}
	return client, func() {
		// A session that cannot be ended now expires by itself.
		if answer, err := client.Logout(context.WithoutCancel(ctx), nil); err == nil {
			_ = answer.Body.Close()
		}
	}, nil
}

func openSession(ctx context.Context, client *apiclient.Client, to account, password string) (token string, err error) {
	credentials := apiclient.LoginRequest{Email: openapi_types.Email(to.email), Password: password}
	if to.test != "" {
		credentials.Company = &to.test
	}
	answer, err := client.Login(ctx, credentials)
	var unreached *url.Error
	switch {
	case errors.As(err, &unreached):
		return "", fmt.Errorf("no service answers at %s: %w", to.address, err)
	case err != nil:
		return "", fmt.Errorf("--email %s: %w", to.email, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		problem, err := readProblem(answer)
		if err != nil {
			return "", err
		}
		return "", errors.New(wordProblem(problem))
	}
	var pair apiclient.TokenPair
	if err := json.NewDecoder(answer.Body).Decode(&pair); err != nil {
		return "", fmt.Errorf("read the access token: %w", err)
	}
	return pair.AccessToken, nil
}

// variable is one of the process's environment, empty where it is not set. Of several of one name the last one counts.
func (p program) variable(name string) (value string) {
	for _, pair := range p.environ {
		if stated, is := strings.CutPrefix(pair, name+"="); is {
			value = stated
		}
	}
	return value
}

// readProblem reads an answer that is no success. What does not describe itself as the service's answers do comes from
// something else, such as a proxy.
func readProblem(answer *http.Response) (apiclient.Problem, error) {
	const most = 4 << 20 // a thousand errors, each with a long detail
	var problem apiclient.Problem
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return problem, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return problem, fmt.Errorf("this is not the service: the answer is %s", answer.Status)
	}
	return problem, nil
}

// wordProblem words a problem for the person at the terminal, everything that is wrong on a line of its own.
func wordProblem(problem apiclient.Problem) string {
	var b strings.Builder
	b.WriteString(problem.Detail)
	for _, wrong := range problem.Errors {
		place := ""
		if wrong.Pointer != nil {
			place = *wrong.Pointer
		} else if wrong.Parameter != nil {
			place = *wrong.Parameter
		}
		b.WriteString("\n  " + at(place, wrong.Detail))
	}
	return b.String()
}
