package server

import (
	"net/http"
	"sync"
)

// handover runs requests on goroutines of its own, which are kept. The goroutine of a connection only reads the head of
// a request and flushes the response, so its stack stays small while the client is idle: with 10,000 connections, the
// stacks that handlers need would be most of the memory, and the runtime would grow them for each request and shrink
// them at each collection.
type handover struct {
	next  http.Handler
	tasks chan *task
	// spare bounds how many goroutines wait for requests.
	spare chan struct{}
	ended chan struct{}
}

// task is a request to run. Its channel gets what the handler has panicked with, or nil.
type task struct {
	w    http.ResponseWriter
	r    *http.Request
	done chan any
}

//nolint:gochecknoglobals // the tasks of all servers are alike
var tasks = sync.Pool{New: func() any { return &task{done: make(chan any, 1)} }}

// newHandover returns a handler that keeps a number of goroutines. It must be closed after the server.
func newHandover(next http.Handler, kept int) *handover {
	return &handover{next: next, tasks: make(chan *task), spare: make(chan struct{}, kept), ended: make(chan struct{})}
}

func (h *handover) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := tasks.Get().(*task) //nolint:forcetypeassert // New returns nothing else
	t.w, t.r = w, r
	select {
	case h.tasks <- t:
	default:
		go h.run(t)
	}
	panicked := <-t.done
	t.w, t.r = nil, nil
	tasks.Put(t)
	if panicked != nil {
		panic(panicked) // net/http closes the connection
	}
}

// run runs tasks until enough other goroutines wait for them.
func (h *handover) run(t *task) {
	for t != nil {
		h.do(t)
		select {
		case h.spare <- struct{}{}:
		default:
			return
		}
		select {
		case t = <-h.tasks:
		case <-h.ended:
			t = nil
		}
		<-h.spare
	}
}

func (h *handover) do(t *task) {
	defer func() { t.done <- recover() }()
	h.next.ServeHTTP(t.w, t.r)
}

// Close ends the goroutines that wait. Running requests are completed.
func (h *handover) Close() { close(h.ended) }
