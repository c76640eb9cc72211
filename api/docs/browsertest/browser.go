// Package browsertest lets a test look at a page as a person would: in a real browser, by clicking and reading. It
// keeps a record of everything that the page asked the network for and of everything that the browser complained about,
// so that a test can promise there was nothing else.
//
// It needs Chromium. Where there is none the test fails, and says how to get it.
package browsertest

import (
	"context"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	// lifetime bounds a browser, stepTime each thing that is done with it.
	lifetime = 5 * time.Minute
	stepTime = 30 * time.Second
)

// Browser is a browser that shows one page. Every method fails the test at once where it cannot do what it says.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu         sync.Mutex
	requests   []string
	complaints []string
}

// Open starts a browser of its own, which ends with the test, and loads the page at url in it: in a window of 1280 by
// 900 pixels with light colours. The browser resolves no name, so it reaches this machine only, by address.
func Open(t testing.TB, url string) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)),
		chromedp.DisableGPU,
		chromedp.NoSandbox,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	b := &Browser{t: t}
	// The context of a test ends before its clean-up begins, which is when the browser is asked to close.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), lifetime)
	ctx, closeAllocator := chromedp.NewExecAllocator(ctx, options...)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithListener(b.observe))
	b.ctx = ctx
	t.Cleanup(func() {
		defer cancel()
		defer closeTab()
		// Closed by itself, a browser takes its child processes with it; the allocator then waits for its end.
		if err := chromedp.Cancel(b.ctx); err != nil {
			t.Errorf("close the browser: %v", err)
		}
		closeAllocator()
	})

	// The browser lives as long as the context of the first step, so that one has no time limit of its own.
	if err := chromedp.Do(b.ctx, command(network.Enable, network.EnableParams{})); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	b.Show(1280, 900, false)
	b.Load(url)
	return b
}

func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("this test looks at pages in Chromium, and there is none in PATH: apt-get install chromium")
	return ""
}

// observe runs between the messages of the browser: it only takes notes.
func (b *Browser) observe(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.Method+" "+e.Request.URL)
	case *log.EventEntryAdded:
		// This is where violations of a Content-Security-Policy and failed requests are reported.
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, string(e.Entry.Source)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text := "console:"
			for _, argument := range e.Args {
				text += " " + string(argument.Value) + argument.Description
			}
			b.complaints = append(b.complaints, text)
		}
	}
}

// Requests is every request that the page has made so far, as "METHOD URL", data URLs included.
func (b *Browser) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// Complaints is everything that the browser has reported so far at the level of a warning or an error: uncaught
// exceptions, console messages, violations of the Content-Security-Policy, and answers of 400 and above.
func (b *Browser) Complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.complaints)
}

// Load goes to the page at url and waits until it has loaded, with its stylesheets and scripts.
func (b *Browser) Load(url string) {
	b.t.Helper()
	b.do("load "+url, chromedp.Navigate(url))
}

// Show gives the window a size in pixels and the page light or dark colours. Motion is reduced, so that a screenshot
// never catches a page half-way.
func (b *Browser) Show(width, height int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do("change the window", chromedp.EmulateViewport(width, height), command(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		}))
}

// WaitFor waits until an element that the CSS selector finds is visible.
func (b *Browser) WaitFor(selector string) {
	b.t.Helper()
	b.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// WaitUntil waits until a JavaScript expression is true in the page; it is looked at before every frame that is drawn.
func (b *Browser) WaitUntil(expression string) {
	b.t.Helper()
	b.do("wait until "+expression, chromedp.Evaluate[chromedp.Void](
		"new Promise((done) => { const look = () => ("+expression+") ? done() : requestAnimationFrame(look); look(); })",
		chromedp.EvalAwaitPromise))
}

// Click presses the mouse on the first element that the CSS selector finds, once it is visible.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Fill types text into the field that the CSS selector finds, in place of what stands there.
func (b *Browser) Fill(selector, text string) {
	b.t.Helper()
	b.Click(selector)
	b.do("fill "+selector,
		chromedp.Evaluate[chromedp.Void]("document.activeElement.select()"),
		command(input.InsertText, input.InsertTextParams{Text: text}))
}

// Text gives the text of the first element that the CSS selector finds, once it is visible.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	return run(b, "read "+selector, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Script evaluates a JavaScript expression in the page and gives its value as a string.
func (b *Browser) Script(expression string) string {
	b.t.Helper()
	return run(b, "evaluate "+expression, chromedp.Evaluate[string]("String("+expression+")"))
}

// Screenshot gives the whole page as a PNG.
func (b *Browser) Screenshot() []byte {
	b.t.Helper()
	const lossless = 100
	return run(b, "take a screenshot", chromedp.FullScreenshot(lossless))
}

// View gives what the window shows as a PNG.
func (b *Browser) View() []byte {
	b.t.Helper()
	return run(b, "take a picture of the window", chromedp.CaptureScreenshot())
}

func (b *Browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	run(b, what, chromedp.Steps(steps...))
}

func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v; the browser complained of %q", what, err, b.Complaints())
	}
	return value
}

// command is a step that sends one command of the browser's protocol.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, c, params)
		return chromedp.Void{}, err
	}
}
