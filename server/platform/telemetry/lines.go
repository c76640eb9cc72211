package telemetry

import (
	"io"
	"sync"
	"time"
)

const (
	// linesDelay is how long a line waits for others that are written in the same system call.
	linesDelay = 10 * time.Millisecond
	// linesSize is how many bytes of lines wait before the writers of further lines wait, too.
	linesSize = 1 << 20
	// linesKept is the size in bytes above which a buffer is not used again.
	linesKept = 64 << 10
)

// Lines writes what it is given in the background, in order, so that a request does not pay for a system call of its
// own: at thousands of requests per second these were 3 % of the service's time. A process that is killed loses the
// lines of its last ten milliseconds. It is safe for concurrent use.
type Lines struct {
	out io.Writer

	mu      sync.Mutex
	changed *sync.Cond
	waiting []byte
	closing bool
	ended   chan struct{}
	err     error // of the last Write of out that failed
}

// NewLines returns Lines to a writer. They must be closed.
func NewLines(out io.Writer) *Lines {
	l := &Lines{out: out, ended: make(chan struct{})}
	l.changed = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// Write adds text that is written within ten milliseconds. It waits while a mebibyte of text is not written yet. It
// returns the error of an earlier write, if there was one. After Close it writes at once.
func (l *Lines) Write(text []byte) (int, error) {
	if taken, err := l.add(text); taken {
		return len(text), err
	}
	<-l.ended
	return l.out.Write(text) //nolint:wrapcheck // the error of the writer, as without Lines
}

// add adds text, unless Close was called.
func (l *Lines) add(text []byte) (taken bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) >= linesSize && !l.closing {
		l.changed.Wait()
	}
	if l.closing {
		return false, nil
	}
	if len(l.waiting) == 0 {
		l.changed.Broadcast()
	}
	l.waiting = append(l.waiting, text...)
	err, l.err = l.err, nil
	return true, err
}

// Close writes what is waiting. It returns the error of a write.
func (l *Lines) Close() error {
	l.mu.Lock()
	l.closing = true
	l.changed.Broadcast()
	l.mu.Unlock()
	<-l.ended
	return l.err
}

func (l *Lines) run() {
	defer close(l.ended)
	var batch []byte
	for more := true; more; {
		if cap(batch) > linesKept {
			batch = nil
		}
		batch, more = l.next(batch[:0])
		if len(batch) == 0 {
			continue
		}
		if _, err := l.out.Write(batch); err != nil {
			l.mu.Lock()
			l.err = err
			l.mu.Unlock()
		}
	}
}

// next waits for text and takes it. Its argument becomes the buffer for further text. It returns false if there is no
// more after it.
func (l *Lines) next(buffer []byte) (batch []byte, more bool) {
	l.mu.Lock()
	for len(l.waiting) == 0 && !l.closing {
		l.changed.Wait()
	}
	closing := l.closing
	l.mu.Unlock()
	if !closing {
		time.Sleep(linesDelay)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	batch, l.waiting = l.waiting, buffer
	l.changed.Broadcast()
	return batch, !l.closing
}
