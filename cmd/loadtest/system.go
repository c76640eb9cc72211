package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// mix returns the steps of a mix of requests: of 20, 7 are the user, 4 one candidate, 3 my interviews, 2 applications,
// 2 one interview, 1 scores and 1 a new candidate. They are spread, and each connection begins elsewhere.
func mix(ctx context.Context, b *bench, s *server) (func(int) step, error) {
	candidates, err := s.list(ctx, "/api/v1/candidates?", 1000)
	if err != nil {
		return nil, err
	}
	interviews, err := s.list(ctx, "/api/v1/interviews?", 1000)
	if err != nil {
		return nil, err
	}
	const kinds = "mcmimamcmsmicvmianvc" // in the order of the switch: m, c, i, a, v, s, n
	hr := s.tokens["hr"]
	get := func(path, account string) []byte { return request(http.MethodGet, path, s.tokens[account], "", "") }
	me, scores := get("/api/v1/users/me", "hr"), get("/api/v1/scores?limit=20", "lead")
	mine := get("/api/v1/interviews?mine=true&limit=20", "employee")
	applications := get("/api/v1/applications?status=active&limit=50", "hr")
	return func(i int) step {
		n := i * 7
		return func(response) call {
			n++
			switch kinds[n%len(kinds)] {
			case 'm':
				return call{request: me}
			case 'c':
				return call{request: request(http.MethodGet, "/api/v1/candidates/"+candidates[n%len(candidates)], hr, "", "")}
			case 'i':
				return call{request: mine}
			case 'a':
				return call{request: applications}
			case 'v':
				return call{request: request(http.MethodGet, "/api/v1/interviews/"+interviews[n%len(interviews)], hr, "", "")}
			case 's':
				return call{request: scores}
			default:
				return call{request: b.newCandidate(s, false)}
			}
		}
	}, nil
}

// crowd is the number of connections of a burst.
const crowd = 200

func sustained(ctx context.Context, b *bench, s *server) (r run, err error) {
	steps, err := mix(ctx, b, s)
	if err != nil {
		return run{}, err
	}
	highest := b.peak(s, func() { r, err = b.closed(ctx, s, crowd, b.long, steps) })
	if err == nil {
		r.figures["peak_mib"] = highest
	}
	return r, err
}

// openMix sends the mix at a constant rate.
func openMix(ctx context.Context, b *bench, s *server) (run, error) {
	return b.offered(ctx, s, b.rate)
}

// offered sends the mix on the connections of all users at a rate. Connections open with their first request, because a
// server closes those that send none.
func (b *bench) offered(ctx context.Context, s *server, rate float64) (r run, err error) {
	steps, err := mix(ctx, b, s)
	if err != nil {
		return run{}, err
	}
	f := newFleet(s.address, b.users, b.now, steps)
	defer f.close()
	highest := b.peak(s, func() {
		r = b.observe(s, func() *tally { return f.open(ctx, rate, b.long) })
	})
	r.figures["offered_per_s"], r.figures["peak_mib"] = rate, highest
	return r, nil
}

// overload offers three times what the server does at its best, and observes its memory for up to a minute afterwards.
func overload(ctx context.Context, b *bench, s *server) (run, error) {
	best, err := each(mix)(ctx, b, s)
	if err != nil {
		return run{}, err
	}
	r, err := b.offered(ctx, s, max(1, 3*best.rate))
	if err != nil {
		return run{}, err
	}
	r.figures["capacity_per_s"] = best.rate
	if best.rate > 0 {
		r.figures["share_of_capacity"] = r.rate / best.rate
	}
	if err := pause(ctx, min(b.long, time.Minute)); err != nil {
		return run{}, err
	}
	r.figures["later_mib"], _ = b.processes.memory(s.pid) // 0 if it cannot be measured
	return r, nil
}

// own starts another server of the same kind. The caller must stop it.
func (b *bench) own(ctx context.Context, like *server) (*server, error) {
	r, err := b.start(ctx, like.side)
	if err != nil {
		return nil, err
	}
	return &server{replica: r, side: like.side, now: b.now, tokens: like.tokens, users: like.users}, nil
}

// startServer measures the start of a server and its memory, before and after a burst.
func startServer(ctx context.Context, b *bench, like *server) (_ run, err error) {
	s, err := b.own(ctx, like)
	if err != nil {
		return run{}, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := pause(ctx, min(b.duration, time.Second)); err != nil { // what a start leaves to do
		return run{}, err
	}
	idle, _ := b.processes.memory(s.pid)
	raw := request(http.MethodGet, "/api/v1/users/me", s.tokens["hr"], "", "")
	r, err := b.closed(ctx, s, crowd, b.duration, func(int) step { return fixed(raw) })
	if err == nil {
		r.figures["start_ms"], r.figures["idle_mib"] = float64(s.started.Microseconds())/1000, idle
		r.figures["burst_mib"] = r.memory
	}
	return r, err
}

// stopServer sends SIGTERM to a server under load. Requests that it does not accept any more are figures; responses
// that it does not complete are errors.
func stopServer(ctx context.Context, b *bench, like *server) (_ run, err error) {
	s, err := b.own(ctx, like)
	if err != nil {
		return run{}, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	raw := request(http.MethodGet, "/api/v1/users/me", s.tokens["hr"], "", "")
	f := newFleet(s.address, b.connections, b.now, func(int) step { return fixed(raw) })
	defer f.close()
	if err := f.connect(ctx); err != nil {
		return run{}, err
	}
	var took time.Duration
	stopped := make(chan error, 1)
	started := b.now()
	go func() {
		err := pause(ctx, b.duration/2)
		at := b.now()
		err = errors.Join(err, s.stop())
		took = b.now().Sub(at)
		stopped <- err
	}()
	t := f.each(func(_ int, w *worker, t *tally) {
		for ctx.Err() == nil && t.errors[errConnect.Error()] == 0 {
			w.send(ctx, t, b.now())
		}
	})
	if err := <-stopped; err != nil {
		return run{}, err
	}
	r := runOf(t, started, nil)
	r.figures["stop_ms"] = float64(took.Microseconds()) / 1000
	for kind, name := range map[error]string{errConnect: "refused", errClosed: "not_accepted"} {
		r.figures[name] = float64(r.errors[kind.Error()])
		delete(r.errors, kind.Error())
	}
	return r, nil
}

// replicas measures one, two and three servers that share PostgreSQL and Redis, with a part of the connections to each.
// On one machine they share its processors as well, so the rates show what several processes cost, and not what they
// would serve on machines of their own.
func replicas(ctx context.Context, b *bench, like *server) (r run, err error) {
	raw := request(http.MethodGet, "/api/v1/users/me", like.tokens["hr"], "", "")
	rates := map[string]float64{}
	var running []*server
	defer func() {
		for _, s := range running {
			err = errors.Join(err, s.stop())
		}
	}()
	for _, name := range []string{"one_per_s", "two_per_s", "three_per_s"} {
		s, err := b.own(ctx, like)
		if err != nil {
			return run{}, err
		}
		running = append(running, s)
		f := newFleet(s.address, b.connections, b.now, func(int) step { return fixed(raw) })
		for i, w := range f.workers {
			w.connection.address = running[i%len(running)].address
		}
		r, err = b.drive(ctx, s, f, b.duration)
		f.close()
		if err != nil {
			return run{}, err
		}
		rates[name] = r.rate
	}
	maps.Copy(r.figures, rates)
	return r, nil
}

// transfer measures one long request, whose rate is in rows per second.
func (b *bench) transfer(
	ctx context.Context, s *server, raw []byte, keep bool, rows func(response) int,
) (r run, err error) {
	const longest = time.Hour
	c := connection{address: s.address, now: b.now}
	defer c.close()
	n := 0
	highest := b.peak(s, func() {
		r = b.observe(s, func() *tally {
			t, began := &tally{}, b.now()
			got, sending := c.exchange(ctx, raw, longest, keep)
			t.ended = b.now()
			t.add(t.ended.Sub(began), failureOf(got, sending))
			if err = sending; err == nil && got.status >= http.StatusMultipleChoices {
				err = fmt.Errorf("got status %d: %.300s", got.status, got.body)
			}
			n = rows(got)
			return t
		})
	})
	r.figures["rows"], r.figures["peak_mib"], r.figures["seconds"] = float64(n), highest, 0
	if r.rate > 0 {
		r.figures["seconds"] = 1 / r.rate
	}
	r.rate *= float64(n)
	if n > 0 {
		for process := range r.cpu {
			r.cpu[process] /= float64(n)
		}
	}
	return r, err
}

func export(ctx context.Context, b *bench, s *server) (run, error) {
	raw := request(http.MethodGet, "/api/v1/candidates/export?format=ndjson", s.tokens["hr"], "", "")
	return b.transfer(ctx, s, raw, true, func(got response) int { return bytes.Count(got.body, []byte("\n")) })
}

func importRows(ctx context.Context, b *bench, s *server) (run, error) {
	var body bytes.Buffer
	batch := b.unique.Add(1)
	for i := range b.rows {
		fmt.Fprintf(&body, `{"external_id":"%s-%d-%d","first_name":"Load","last_name":"Test %d",`+
			`"email":"import.%s.%d.%d@mail.example"}`+"\n", b.prefix, batch, i, i, b.prefix, batch, i)
	}
	const path = "/api/v1/candidates/import.ndjson"
	raw := request(http.MethodPost, path, s.tokens["hr"], "application/x-ndjson", body.String())
	return b.transfer(ctx, s, raw, true, func(response) int { return b.rows })
}
