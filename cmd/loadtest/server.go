package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
)

// side is one of the two servers that are compared.
type side string

const (
	ourSide  side = "ours"
	bareSide side = "bare"
)

const (
	media = "application/json"
	// renewal is the age after which access tokens, which are valid for an hour, are replaced.
	renewal = 20 * time.Minute
	// pageSize is the size of the pages by which deep pages and ids are found; the maximum of the service.
	pageSize = 200
)

// server is a running server with what requests are about.
type server struct {
	*replica
	side side
	now  func() time.Time

	mu     sync.Mutex
	signed time.Time
	tokens map[string]string // access tokens by account: hr, lead, employee
	users  map[string]string // ids of the same
	ids    map[string][]string
	// sessions are refresh tokens, one for each connection.
	sessions []string
}

// accounts are the demo accounts that requests are sent by.
func accounts() []string { return []string{"hr", "lead", "employee"} }

// email returns the address of a demo account.
func email(account string) string { return account + "@acme.example" }

// page is a page of a list.
type page struct {
	Data []struct {
		ID      string `json:"id"`
		Version string `json:"published_version_id"`
	} `json:"data"`
	Next string `json:"next_cursor"`
}

// ask sends a request that is not measured, and decodes the response. It fails unless the request succeeds.
func (s *server) ask(ctx context.Context, method, path, token, body string, into any) error {
	c := connection{address: s.address, now: s.now}
	defer c.close()
	got, err := c.exchange(ctx, request(method, path, token, media, body), requestTimeout*6, true)
	if err == nil && got.status >= http.StatusMultipleChoices {
		err = fmt.Errorf("got status %d: %.300s", got.status, got.body)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(got.body, into)
	}
	if err != nil {
		return fmt.Errorf("%s server: %s %s: %w", s.side, method, path, err)
	}
	return nil
}

// pair is the response to a sign-in.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// signIn opens a session of an account. The bare server does so without a password, which takes no time.
func (s *server) signIn(ctx context.Context, account string) (p pair, err error) {
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, email(account), demo.Password)
	if s.side == bareSide {
		body = fmt.Sprintf(`{"email":%q}`, email(account))
	}
	return p, s.ask(ctx, http.MethodPost, "/api/v1/auth/login", "", body, &p)
}

// copyUsers makes a bare server take the users of another one. Its tokens are their ids.
func (s *server) copyUsers(from *server) { s.users, s.tokens = from.users, from.users }

// enter signs the accounts in, unless they were a short time ago. The bare server needs no sign-in.
func (s *server) enter(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.side == bareSide || s.tokens != nil && s.now().Sub(s.signed) < renewal {
		return nil
	}
	if s.tokens == nil {
		s.tokens, s.users = map[string]string{}, map[string]string{}
	}
	for _, account := range accounts() {
		p, err := s.signIn(ctx, account)
		if err != nil {
			return err
		}
		if s.tokens[account] = p.Access; s.users[account] != "" {
			continue
		}
		var me struct{ ID string }
		if err := s.ask(ctx, http.MethodGet, "/api/v1/users/me", p.Access, "", &me); err != nil {
			return err
		}
		s.users[account] = me.ID
	}
	s.signed = s.now()
	return nil
}

// list returns ids of a list, about n if there are as many. The path ends with ? or &. Each list is read once.
func (s *server) list(ctx context.Context, path string, n int) ([]string, error) {
	if found := s.ids[path]; len(found) > 0 {
		return found, nil
	}
	if s.ids == nil {
		s.ids = map[string][]string{}
	}
	var p page
	for cursor := ""; len(s.ids[path]) < n; cursor = "&cursor=" + p.Next {
		p = page{}
		target := fmt.Sprintf("%slimit=%d%s", path, min(n, pageSize), cursor)
		if err := s.ask(ctx, http.MethodGet, target, s.tokens["hr"], "", &p); err != nil {
			return nil, err
		}
		for _, item := range p.Data {
			s.ids[path] = append(s.ids[path], item.ID)
		}
		if p.Next == "" {
			break
		}
	}
	if len(s.ids[path]) == 0 {
		return nil, fmt.Errorf("%s server: %s is empty, want demo data", s.side, path)
	}
	return s.ids[path], nil
}

// deep returns the cursor of the page after the given number of candidates, or after half of them if there are fewer.
func (s *server) deep(ctx context.Context, rows int) (cursor string, err error) {
	var cursors []string
	for len(cursors)*pageSize < rows {
		var p page
		path := fmt.Sprintf("/api/v1/candidates?limit=%d", pageSize)
		if n := len(cursors); n > 0 {
			path += "&cursor=" + cursors[n-1]
		}
		if err := s.ask(ctx, http.MethodGet, path, s.tokens["hr"], "", &p); err != nil {
			return "", err
		}
		if p.Next == "" {
			if len(cursors) == 0 {
				return "", errors.New("there is one page of candidates, want more")
			}
			return cursors[len(cursors)/2], nil
		}
		cursors = append(cursors, p.Next)
	}
	return cursors[len(cursors)-1], nil
}

// openSessions opens sessions until there is one for each connection.
func (s *server) openSessions(ctx context.Context, n int) error {
	for len(s.sessions) < n {
		p, err := s.signIn(ctx, "employee")
		if err != nil {
			return err
		}
		s.sessions = append(s.sessions, p.Refresh)
	}
	return nil
}
