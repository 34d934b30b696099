package viewer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A browser is a headless Chromium driven through the DevTools protocol. The
// protocol's messages go over two pipes, so no web socket is needed.
type browser struct {
	t        *testing.T
	cmd      *exec.Cmd
	to       *os.File
	session  string
	id       int
	messages chan message

	Requests []string // addresses that pages asked for
	Errors   []string // exceptions and messages of the console
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startBrowser starts a browser with a page of the given size, or skips the
// test where none is installed.
func startBrowser(t *testing.T, width, height int, flags ...string) *browser {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no extra pipes to a process here")
	}
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	var path string
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); name != "" && err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium here: set CHROMIUM to its path")
	}
	fromUs, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe",
		"--user-data-dir=" + t.TempDir(), fmt.Sprintf("--window-size=%d,%d", width, height)}, flags...)
	b := &browser{t: t, cmd: exec.Command(path, append(args, "about:blank")...), to: toBrowser, messages: make(chan message, 1000)}
	b.cmd.ExtraFiles = []*os.File{fromUs, toUs}
	if err := b.cmd.Start(); err != nil {
		t.Skip("Chromium does not start: ", err)
	}
	fromUs.Close()
	toUs.Close()
	go func() {
		defer close(b.messages)
		r := bufio.NewReader(fromBrowser)
		for {
			line, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(bytes.TrimRight(line, "\x00"), &m) == nil {
				b.messages <- m
			}
		}
	}()
	t.Cleanup(func() {
		toBrowser.Close()
		done := make(chan struct{})
		go func() { b.cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			b.cmd.Process.Kill()
			<-done
		}
		fromBrowser.Close()
	})
	target := struct{ TargetID string }{}
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	attached := struct{ SessionID string }{}
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	return b
}

// call sends a command and waits for its answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.id++
	if params == nil {
		params = map[string]any{}
	}
	m := map[string]any{"id": b.id, "method": method, "params": params}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	data, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(data, 0)); err != nil {
		b.t.Fatal(err)
	}
	timeout := time.After(60 * time.Second)
	for {
		select {
		case m, ok := <-b.messages:
			if !ok {
				b.t.Fatalf("%s: the browser has gone", method)
			}
			if m.ID != b.id {
				b.note(m)
				continue
			}
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error.Message)
			}
			if result != nil {
				if err := json.Unmarshal(m.Result, result); err != nil {
					b.t.Fatal(err)
				}
			}
			return
		case <-timeout:
			b.t.Fatalf("%s: no answer", method)
		}
	}
}

// note keeps what events say of requests and errors.
func (b *browser) note(m message) {
	var p struct {
		Request struct{ URL string }
		Type    string
		Args    []struct{ Value any }
		Entry   struct{ Level, Text string }
		Details struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	_ = json.Unmarshal(m.Params, &p)
	switch m.Method {
	case "Network.requestWillBeSent":
		b.Requests = append(b.Requests, p.Request.URL)
	case "Runtime.exceptionThrown":
		b.Errors = append(b.Errors, p.Details.Text+" "+p.Details.Exception.Description)
	case "Runtime.consoleAPICalled":
		b.Errors = append(b.Errors, fmt.Sprint("console.", p.Type, p.Args))
	case "Log.entryAdded":
		b.Errors = append(b.Errors, p.Entry.Level+": "+p.Entry.Text)
	}
}

// eval evaluates an expression; a promise is waited for.
func eval[T any](b *browser, expr string) T {
	b.t.Helper()
	var r struct {
		Result struct{ Value json.RawMessage }
		Error  *struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expr, "returnByValue": true, "awaitPromise": true}, &r)
	var v T
	if r.Error != nil {
		b.t.Fatalf("%s: %s %s", expr, r.Error.Text, r.Error.Exception.Description)
	}
	if len(r.Result.Value) > 0 {
		if err := json.Unmarshal(r.Result.Value, &v); err != nil {
			b.t.Fatalf("%s: %v", expr, err)
		}
	}
	return v
}

// until waits for a condition in the page.
func (b *browser) until(expr string) {
	b.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		if eval[bool](b, "!!("+expr+")") {
			return
		}
	}
	b.t.Fatalf("%s did not come true; errors: %v", expr, b.Errors)
}

// open writes a page to a file and opens it.
func (b *browser) open(page []byte) { b.openAt(page, "") }

// openAt is open, with the end of the address that restores a view.
func (b *browser) openAt(page []byte, hash string) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(file, page, 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.call("Page.navigate", map[string]any{"url": "file://" + file + hash}, nil)
	b.until("document.documentElement?.dataset.ready === 'all'")
}

func (b *browser) mouse(kind string, x, y float64, more map[string]any) {
	b.t.Helper()
	m := map[string]any{"type": kind, "x": x, "y": y}
	for k, v := range more {
		m[k] = v
	}
	b.call("Input.dispatchMouseEvent", m, nil)
}

func (b *browser) click(x, y float64, modifiers int) {
	b.t.Helper()
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.mouse(kind, x, y, map[string]any{"button": "left", "clickCount": 1, "modifiers": modifiers})
	}
}

// clickOn clicks on the middle of an element.
func (b *browser) clickOn(selector string, modifiers int) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf(`(() => { const e = %s; e.scrollIntoView({block: "nearest"}); const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`, selector))
	b.click(at[0], at[1], modifiers)
}

func (b *browser) key(key string) { b.keys(key, 0) }

// keys presses a key with modifiers.
func (b *browser) keys(key string, modifiers int) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "text": text(key), "modifiers": modifiers}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "modifiers": modifiers}, nil)
}

// resize gives the window another size, as turning a phone does.
func (b *browser) resize(width, height int, mobile bool) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}, nil)
	eval[any](b, "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
}

// settled waits until what was asked for is drawn.
func (b *browser) settled() {
	b.t.Helper()
	eval[any](b, "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r())))")
}

// texts returns the texts of all elements of a selector.
func (b *browser) texts(selector string) []string {
	b.t.Helper()
	return eval[[]string](b, fmt.Sprintf("[...document.querySelectorAll(%q)].map(e => e.innerText.trim())", selector))
}

// search types a query and waits for its results.
func (b *browser) search(q string) {
	b.t.Helper()
	eval[any](b, fmt.Sprintf(`(() => { const q = document.getElementById("q"); q.value = %q; q.dispatchEvent(new Event("input")); })()`, q))
	eval[any](b, "new Promise(r => setTimeout(r, 40))")
	b.settled()
}

// choose sets an input or a select.
func (b *browser) choose(id string, value any) {
	b.t.Helper()
	eval[any](b, fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.value = %v; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); })()`, id, value))
	b.settled()
}

func text(key string) string {
	if len(key) == 1 {
		return key
	}
	if key == "Enter" {
		return "\r"
	}
	return ""
}

// picture saves what the page looks like for somebody to look at.
func (b *browser) picture(name string) {
	dir := os.Getenv("PLOT_LOOK")
	if dir == "" {
		return
	}
	var r struct{ Data []byte }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &r)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), r.Data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// checkQuiet demands that the page asked for nothing and complained of nothing.
func (b *browser) checkQuiet() {
	b.t.Helper()
	for _, r := range b.Requests {
		if !strings.HasPrefix(r, "file://") && !strings.HasPrefix(r, "data:,") || strings.Count(strings.Join(b.Requests, " "), "file://") > 1 {
			b.t.Errorf("the page asked for %.100s", r)
		}
	}
	for _, e := range b.Errors {
		b.t.Errorf("the page complained: %s", e)
	}
}
