package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
)

// scenario is a kind of load.
type scenario struct {
	name, about string
	// short scenarios are part of the short form.
	short bool
	// tolerant scenarios load a server beyond its capacity or stop it, so that failures are part of the result.
	tolerant bool
	// fresh scenarios start servers of their own.
	fresh   bool
	measure func(context.Context, *bench, *server) (run, error)
}

// scenarios returns all scenarios in the order in which they run. Those that add many rows come last.
func scenarios() []scenario {
	get := func(name, about, account, path string) scenario {
		return scenario{name: name, about: about, short: true, measure: each(
			func(_ context.Context, _ *bench, s *server) (func(int) step, error) {
				raw := request(http.MethodGet, path, s.tokens[account], "", "")
				return func(int) step { return fixed(raw) }, nil
			})}
	}
	return []scenario{
		get("health", "GET /health", "", "/health"),
		get("me", "GET /users/me", "hr", "/api/v1/users/me"),
		get("list", "the first 50 candidates", "hr", "/api/v1/candidates?limit=50"),
		{name: "list-deep", about: "50 candidates, 45,000 rows in", short: true, measure: each(deepList)},
		get("list-filtered", "the first 50 candidates of a source", "hr", "/api/v1/candidates?limit=50&source=job%20board"),
		get("list-searched", "the first 50 candidates with a text", "hr", "/api/v1/candidates?limit=50&q=lee"),
		{name: "get", about: "GET one candidate", short: true, measure: each(getOne("/api/v1/candidates"))},
		{name: "create", about: "POST a candidate", short: true, measure: each(create(false))},
		{name: "create-keyed", about: "POST a candidate with an Idempotency-Key", short: true, measure: each(create(true))},
		{name: "patch", about: "PATCH a candidate", short: true, measure: each(patch)},
		{name: "refresh", about: "refresh with rotation", short: true, measure: refresh},
		{name: "login", about: "login, 4 connections", measure: login},
		{
			name: "me-flood", about: "GET /users/me on 4 connections while 32 flood the login", tolerant: true, measure: flood,
		},
		get("mine", "my first 20 interviews", "employee", "/api/v1/interviews?mine=true&limit=20"),
		get("scores", "the first 20 scores of a team lead", "lead", "/api/v1/scores?limit=20"),
		get("applications", "the first 50 active applications", "hr", "/api/v1/applications?status=active&limit=50"),
		{name: "interview", about: "GET one interview", short: true, measure: each(getOne("/api/v1/interviews"))},
		{name: "journey", about: "an interview in six requests, 8 connections", measure: journey},
		{name: "sustained", about: "the mix on 200 connections for --long", measure: sustained},
		{name: "mix", about: "the mix of --users users at --rate requests/s for --long", measure: openMix},
		{
			name: "overload", about: "the mix at three times the capacity for --long", tolerant: true, measure: overload,
		},
		{name: "start", about: "start of a server, and its memory after 200 connections", fresh: true, measure: startServer},
		{name: "stop", about: "SIGTERM under load", fresh: true, measure: stopServer},
		{name: "replicas", about: "GET /users/me on one, two and three servers by turns", fresh: true, measure: replicas},
		{name: "export", about: "export of all candidates, in rows/s", measure: export},
		{name: "import", about: "import of --rows candidates, in rows/s", measure: importRows},
	}
}

// prepare returns the steps of a scenario on a server by the number of the connection.
type prepare func(context.Context, *bench, *server) (func(int) step, error)

// each measures steps on all connections for the duration of a repetition.
func each(p prepare) func(context.Context, *bench, *server) (run, error) {
	return func(ctx context.Context, b *bench, s *server) (run, error) {
		steps, err := p(ctx, b, s)
		if err != nil {
			return run{}, err
		}
		return b.closed(ctx, s, b.connections, b.duration, steps)
	}
}

func deepList(ctx context.Context, _ *bench, s *server) (func(int) step, error) {
	const rows = 45_000
	cursor, err := s.deep(ctx, rows)
	raw := request(http.MethodGet, "/api/v1/candidates?limit=50&cursor="+cursor, s.tokens["hr"], "", "")
	return func(int) step { return fixed(raw) }, err
}

// getOne reads the items of a list one by one.
func getOne(list string) prepare {
	const items = 1000
	return func(ctx context.Context, b *bench, s *server) (func(int) step, error) {
		ids, err := s.list(ctx, list+"?", items)
		if err != nil {
			return nil, err
		}
		requests := make([][]byte, len(ids))
		for i, id := range ids {
			requests[i] = request(http.MethodGet, list+"/"+id, s.tokens["hr"], "", "")
		}
		return func(i int) step {
			n := i
			return func(response) call {
				n += b.connections
				return call{request: requests[n%len(requests)]}
			}
		}, nil
	}
}

func create(keyed bool) prepare {
	return func(_ context.Context, b *bench, s *server) (func(int) step, error) {
		return func(int) step { return func(response) call { return call{request: b.newCandidate(s, keyed)} } }, nil
	}
}

func (b *bench) newCandidate(s *server, keyed bool) []byte {
	n := b.unique.Add(1)
	body := fmt.Sprintf(
		`{"first_name":"Load","last_name":"Test %d","email":"load.%s.%d@mail.example","source":"load test","tags":["load"]}`,
		n, b.prefix, n)
	if !keyed {
		return request(http.MethodPost, "/api/v1/candidates", s.tokens["hr"], media, body)
	}
	return request(http.MethodPost, "/api/v1/candidates", s.tokens["hr"], media, body,
		"Idempotency-Key", fmt.Sprintf("load-%s-%d", b.prefix, n))
}

// patch changes candidates. Each connection has its own, so that they do not wait for each other.
func patch(ctx context.Context, b *bench, s *server) (func(int) step, error) {
	ids, err := s.list(ctx, "/api/v1/candidates?", 1000)
	if err != nil {
		return nil, err
	}
	if len(ids) < b.connections {
		return nil, fmt.Errorf("there are %d candidates, want one for each of %d connections", len(ids), b.connections)
	}
	share := len(ids) / b.connections
	return func(i int) step {
		n := 0
		return func(response) call {
			n++
			path := "/api/v1/candidates/" + ids[i*share+n%share]
			return call{request: request(http.MethodPatch, path, s.tokens["hr"], media,
				fmt.Sprintf(`{"location":"Place %d"}`, b.unique.Add(1)))}
		}
	}, nil
}

// refresh rotates the session of each connection. The sessions are kept for the next repetition.
func refresh(ctx context.Context, b *bench, s *server) (run, error) {
	if err := s.openSessions(ctx, b.connections); err != nil {
		return run{}, err
	}
	keep := func(i int, got response) {
		if token := refreshToken(got.body); token != "" {
			s.sessions[i] = token
		}
	}
	f := newFleet(s.address, b.connections, b.now, func(i int) step {
		return func(previous response) call {
			keep(i, previous)
			return call{keep: true, request: request(http.MethodPost, "/api/v1/auth/refresh", "", media,
				`{"refresh_token":"`+s.sessions[i]+`"}`)}
		}
	})
	defer f.close()
	r, err := b.drive(ctx, s, f, b.duration)
	for i, w := range f.workers {
		keep(i, w.previous)
	}
	return r, err
}

// refreshToken returns the refresh token of a pair; empty if there is none. Decoding it would cost as much as the
// exchange.
func refreshToken(body []byte) string {
	_, after, _ := bytes.Cut(body, []byte(`"refresh_token":"`))
	token, _, found := bytes.Cut(after, []byte(`"`))
	if !found {
		return ""
	}
	return string(token)
}

func loginRequest(account string) []byte {
	return request(http.MethodPost, "/api/v1/auth/login", "", media,
		fmt.Sprintf(`{"email":%q,"password":%q}`, email(account), demo.Password))
}

func login(ctx context.Context, b *bench, s *server) (run, error) {
	const connections = 4
	raw := loginRequest("employee")
	return b.closed(ctx, s, min(connections, b.connections), b.duration, func(int) step { return fixed(raw) })
}

// flood measures a request while others flood the login, and compares it with the same without them.
func flood(ctx context.Context, b *bench, s *server) (run, error) {
	const connections, logins = 4, 32
	raw := request(http.MethodGet, "/api/v1/users/me", s.tokens["hr"], "", "")
	steps := func(int) step { return fixed(raw) }
	quiet, err := b.closed(ctx, s, connections, b.duration, steps)
	if err != nil {
		return run{}, err
	}
	attack := loginRequest("employee")
	flooding, stop := context.WithCancel(ctx)
	defer stop()
	f, began := newFleet(s.address, logins, b.now, func(int) step { return fixed(attack) }), b.now()
	defer f.close()
	sent := make(chan *tally, 1)
	go func() { sent <- f.closed(flooding, time.Hour) }()
	r, err := b.closed(ctx, s, connections, b.duration, steps)
	stop()
	logged := runOf(<-sent, began, nil)
	if err != nil {
		return run{}, err
	}
	r.figures["quiet_per_s"], r.figures["logins_per_s"] = quiet.rate, logged.rate
	r.figures["logins_shed"] = float64(logged.shed)
	if quiet.rate > 0 && quiet.p99 > 0 {
		r.figures["share_of_quiet"], r.figures["p99_of_quiet"] = r.rate/quiet.rate, r.p99/quiet.p99
	}
	return r, nil
}

// journey books an interview, accepts it, starts it, writes and changes a score, and cancels it.
func journey(ctx context.Context, b *bench, s *server) (run, error) {
	applications, err := s.list(ctx, "/api/v1/applications?status=active&", pageSize)
	if err != nil {
		return run{}, err
	}
	kit, err := b.kitVersion(ctx)
	if err != nil {
		return run{}, err
	}
	const connections = 8
	hr, panelist := s.tokens["hr"], s.tokens["employee"]
	return b.closed(ctx, s, min(connections, b.connections), b.duration, func(i int) step {
		at, interview, score := 0, "", ""
		return func(previous response) call {
			var made struct{ ID string }
			failed := previous.status >= http.StatusMultipleChoices || json.Unmarshal(previous.body, &made) != nil
			switch {
			case failed:
				at = 0
			case at == 1:
				interview = "/api/v1/interviews/" + made.ID
			case at == 4:
				score = "/api/v1/scores/" + made.ID
			}
			at = at%6 + 1
			c := call{keep: true}
			send := func(method, path, token, body string) {
				c.request = request(method, path, token, media, body, "If-Match", "*")
			}
			switch at {
			case 1:
				n := int(b.unique.Add(1))
				day := time.Date(2035, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
				c.request = request(http.MethodPost, "/api/v1/interviews", hr, media, fmt.Sprintf(
					`{"application_id":%q,"kit_version_id":%q,"title":"Load test","kind":"video","panel":[{"user_id":%q}],`+
						`"schedule":{"starts_at":%q,"ends_at":%q,"timezone":"UTC","allow_conflicts":true}}`,
					applications[(n+i)%len(applications)], kit, s.users["employee"], day.Format(time.RFC3339),
					day.Add(time.Hour/2).Format(time.RFC3339)))
			case 2:
				send(http.MethodPost, interview+"/respond", panelist, `{"response":"accepted"}`)
			case 3:
				send(http.MethodPost, interview+"/start", panelist, "")
			case 4:
				send(http.MethodPost, interview+"/scores", panelist, `{"comment":"Load test"}`)
			case 5:
				send(http.MethodPatch, score, panelist, `{"comment":"Again"}`)
			default:
				send(http.MethodPost, interview+"/cancel", hr, `{"reason":"Load test"}`)
			}
			return c
		}
	})
}

// kitVersion returns the published version of a kit. Our server lists them; both have the same.
func (b *bench) kitVersion(ctx context.Context) (string, error) {
	ours := b.servers[ourSide]
	var p page
	const path = "/api/v1/kits?is_published=true&limit=1"
	if err := ours.ask(ctx, http.MethodGet, path, ours.tokens["hr"], "", &p); err != nil {
		return "", err
	}
	if len(p.Data) == 0 {
		return "", fmt.Errorf("the demo data have no published kit")
	}
	return p.Data[0].Version, nil
}
