// Package browsertest tests pages in a real browser, Chromium. It records all requests of a page and all errors that
// the browser reports, so that tests can check that there were no others.
//
// Tests fail if Chromium is not installed.
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
	// lifetime limits the lifetime of a browser, and stepTimeout the duration of each step.
	lifetime    = 5 * time.Minute
	stepTimeout = 30 * time.Second
)

// Browser is a browser with one page. Its methods stop the test if they fail.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	requests []string
	errors   []string
}

// Open starts a browser and loads a page in a window of 1280 by 900 pixels with light colors. The browser is closed
// when the test ends. It cannot resolve host names, so it reaches only 127.0.0.1.
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
	// The context of a test is canceled before its cleanup functions run, which close the browser.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), lifetime)
	ctx, closeAllocator := chromedp.NewExecAllocator(ctx, options...)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithListener(b.observe))
	b.ctx = ctx
	t.Cleanup(func() {
		defer cancel()
		defer closeTab()
		// A browser that is closed ends its child processes. closeAllocator waits for it to exit.
		if err := chromedp.Cancel(b.ctx); err != nil {
			t.Errorf("close the browser: %v", err)
		}
		closeAllocator()
	})

	// The browser runs until the context of its first step ends, so this step has no timeout.
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
	t.Fatal("Chromium is not in PATH: install it, for example with apt-get install chromium")
	return ""
}

// observe is called for each event of the browser. It must not block.
func (b *Browser) observe(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.Method+" "+e.Request.URL)
	case *log.EventEntryAdded:
		// These include violations of the Content-Security-Policy and failed requests.
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.errors = append(b.errors, string(e.Entry.Source)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text := "console:"
			for _, argument := range e.Args {
				text += " " + string(argument.Value) + argument.Description
			}
			b.errors = append(b.errors, text)
		}
	}
}

// Requests returns all requests so far, as "METHOD URL", including data URLs.
func (b *Browser) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// Errors returns all errors and warnings so far: uncaught exceptions, console messages, violations of the
// Content-Security-Policy, and responses with a status of 400 or higher.
func (b *Browser) Errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.errors)
}

// Load opens a page and waits until it has loaded, including its style sheets and scripts.
func (b *Browser) Load(url string) {
	b.t.Helper()
	b.do("load "+url, chromedp.Navigate(url))
}

// Show sets the size of the window in pixels and selects light or dark colors. It reduces motion, so that screenshots
// do not show animations.
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

// WaitFor waits until an element that matches a CSS selector is visible.
func (b *Browser) WaitFor(selector string) {
	b.t.Helper()
	b.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// WaitUntil waits until a JavaScript expression is true. The expression is evaluated before every frame.
func (b *Browser) WaitUntil(expression string) {
	b.t.Helper()
	b.do("wait until "+expression, chromedp.Evaluate[chromedp.Void](
		"new Promise((done) => { const look = () => ("+expression+") ? done() : requestAnimationFrame(look); look(); })",
		chromedp.EvalAwaitPromise))
}

// Click clicks the first element that matches a CSS selector, after it has become visible.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Fill replaces the text of the field that matches a CSS selector.
func (b *Browser) Fill(selector, text string) {
	b.t.Helper()
	b.Click(selector)
	b.do("fill "+selector,
		chromedp.Evaluate[chromedp.Void]("document.activeElement.select()"),
		command(input.InsertText, input.InsertTextParams{Text: text}))
}

// Text returns the text of the first element that matches a CSS selector, after it has become visible.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	return run(b, "read "+selector, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Script evaluates a JavaScript expression and returns its value as a string.
func (b *Browser) Script(expression string) string {
	b.t.Helper()
	return run(b, "evaluate "+expression, chromedp.Evaluate[string]("String("+expression+")"))
}

// Screenshot returns the whole page as a PNG.
func (b *Browser) Screenshot() []byte {
	b.t.Helper()
	const lossless = 100
	return run(b, "take a screenshot", chromedp.FullScreenshot(lossless))
}

// View returns the visible part of the page as a PNG.
func (b *Browser) View() []byte {
	b.t.Helper()
	return run(b, "take a screenshot of the window", chromedp.CaptureScreenshot())
}

func (b *Browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	run(b, what, chromedp.Steps(steps...))
}

func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v; the browser has reported %q", what, err, b.Errors())
	}
	return value
}

// command returns a step that sends a command of the DevTools protocol.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, c, params)
		return chromedp.Void{}, err
	}
}
