#!/usr/bin/env python3
"""Compare package plot with gonum/plot, matplotlib and plotly, in one run.

    python3 internal/peers/plot.py [-rounds 5] [-part all|drawing|html] [-chromium PATH]

Needs Go, and numpy, matplotlib and plotly from pip; for the last part
Chromium. Every round times each program once on the same maps of 1,564 and
117,659 points (9.375 inches square, dots of 2 points, opacity 0.7), drawing
and encoding; medians and their ratios are printed. Nothing is left behind.
"""

import argparse
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"]


def load(folder, n):
    import numpy as np

    base = os.path.join(folder, str(n))
    xy = np.fromfile(base + ".xy", dtype="<f8").reshape(-1, 2)
    cat = np.fromfile(base + ".cat", dtype=np.uint8)
    with open(base + ".words", encoding="utf-8") as f:
        words = f.read().split("\n")
    return xy, cat, words


def matplotlib_png(xy, cat, dpi):
    """One line of markers a category: Agg then stamps a cached marker, which
    is faster than scatter()."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    start = time.perf_counter()
    fig = Figure(figsize=(9.375, 9.375), dpi=dpi)
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    ax.set_title("t-SNE visualization of layer 0 activations")
    ax.set_xlabel("First t-SNE")
    ax.set_ylabel("Second t-SNE")
    ax.set_aspect("equal", adjustable="datalim")
    for k, color in enumerate(COLOURS):
        part = xy[cat == k]
        ax.plot(part[:, 0], part[:, 1], "o", ms=4, mew=0, alpha=0.7, color=color, label=str(k))
    ax.legend(loc="upper right")
    out = io.BytesIO()
    fig.savefig(out, format="png", dpi=dpi)
    return time.perf_counter() - start, out.tell()


def plotly_html(xy, cat, words, path):
    import numpy as np
    import plotly.graph_objects as go

    start = time.perf_counter()
    fig = go.Figure()
    words = np.array(words)
    for k, color in enumerate(COLOURS):
        at = cat == k
        fig.add_trace(go.Scattergl(x=xy[at, 0], y=xy[at, 1], text=words[at], mode="markers", name=str(k),
                                   marker=dict(size=5, opacity=0.7, color=color)))
    fig.write_html(path, include_plotlyjs=True)
    return time.perf_counter() - start, os.path.getsize(path)


def bench(binary, pattern):
    """Run Go benchmarks; return {name: (seconds, bytes)}."""
    out = subprocess.run([binary, "-test.run=^$", "-test.bench=" + pattern, "-test.benchtime=3x"],
                         check=True, capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        m = re.match(r"Benchmark(\S+?)(-\d+)?\s+\d+\s+([\d.]+) ns/op", line)
        if m:
            size = re.search(r"([\d.]+) bytes", line)
            found[m.group(1)] = (float(m.group(3)) / 1e9, float(size.group(1)) if size else None)
    return found


class Browser:
    """A headless Chromium over the pipes of the DevTools protocol."""

    def __init__(self, path, folder):
        ours_r, theirs_w = os.pipe()
        theirs_r, ours_w = os.pipe()

        def fds():
            # 3 is read by the browser, 4 written; move both out of the way first.
            a, b = os.dup(theirs_r), os.dup(theirs_w)
            r, w = os.dup(a), os.dup(b)
            while r in (3, 4):
                r = os.dup(r)
            while w in (3, 4):
                w = os.dup(w)
            os.dup2(r, 3)
            os.dup2(w, 4)

        self.proc = subprocess.Popen(
            [path, "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking", "--user-data-dir=" + folder, "about:blank"],
            preexec_fn=fds, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_r)
        os.close(theirs_w)
        self.out, self.inp = os.fdopen(ours_w, "wb", 0), os.fdopen(ours_r, "rb")
        self.id, self.session, self.rest = 0, None, b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=1200, height=900, deviceScaleFactor=1, mobile=False)

    def call(self, method, **params):
        self.id += 1
        message = {"id": self.id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.out.write(json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                chunk = self.inp.read1(1 << 16)
                if not chunk:
                    raise RuntimeError("the browser has gone")
                self.rest += chunk
            line, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.id:
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                return answer["result"]

    def opens(self, path, ready):
        """Seconds from navigation to the first frame after the condition holds."""
        self.call("Page.navigate", url="about:blank")
        time.sleep(0.3)
        self.call("Page.navigate", url="file://" + path)
        wait = ("new Promise(done => { const look = () => { let ok = false; try { ok = %s } catch (e) {} "
                "if (ok) requestAnimationFrame(() => setTimeout(() => done(performance.now()))); else setTimeout(look, 5); }; look(); })" % ready)
        while True:
            try:
                r = self.call("Runtime.evaluate", expression=wait, awaitPromise=True, returnByValue=True)
                return r["result"]["value"] / 1000
            except (RuntimeError, KeyError):  # the page was replaced while we asked
                time.sleep(0.01)

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        self.out.close()
        self.proc.wait(10)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("-rounds", type=int, default=5)
    ap.add_argument("-chromium", default=os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome"))
    ap.add_argument("-part", choices=["all", "drawing", "html"], default="all")
    args = ap.parse_args()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with tempfile.TemporaryDirectory() as folder:
        binary, viewer = os.path.join(folder, "plot.test"), os.path.join(folder, "viewer.test")
        subprocess.run(["go", "test", "-c", "-o", binary, "./plot"], cwd=root, check=True)
        subprocess.run(["go", "test", "-c", "-o", viewer, "./plot/viewer"], cwd=root, check=True)
        subprocess.run([viewer, "-test.run=^TestPeerFiles$"], cwd=os.path.join(root, "plot", "viewer"), check=True,
                       env=dict(os.environ, PLOT_PEERS=folder), stdout=subprocess.DEVNULL)
        data = {n: load(folder, n) for n in (1564, 117659)}
        times, sizes = {}, {}

        def note(name, seconds, size=None):
            times.setdefault(name, []).append(seconds)
            if size:
                sizes[name] = size

        if args.part != "html":
            for r in range(args.rounds):
                for name, (s, b) in bench(binary, "PNG|SVG").items():
                    note(name, s, b)
                for n, (xy, cat, _) in data.items():
                    for dpi in (96, 192):
                        note(f"PNG/n={n}/dpi={dpi}/by=matplotlib", *matplotlib_png(xy, cat, dpi))
                print(f"round {r + 1} of {args.rounds}", file=sys.stderr)
            med = {k: statistics.median(v) for k, v in times.items()}
            print("time, ours / peer (medians of %d)" % args.rounds)
            for n in data:
                for dpi in (96, 192):
                    ours = med[f"PNG/n={n}/dpi={dpi}/by=ours"]
                    for peer in ("gonum", "matplotlib"):
                        p = med[f"PNG/n={n}/dpi={dpi}/by={peer}"]
                        print(f"  PNG {n:>7,} points {dpi:>3} dpi / {peer:<10}  {ours / p:.3f}   ({ours * 1e3:.0f} ms / {p * 1e3:.0f} ms)")
            for n in data:
                for kind in ("titled", "vector", "image"):
                    a, b = f"SVG/n={n}/by={kind}", f"SVG/n={n}/by=gonum"
                    print(f"  SVG {n:>7,} points {kind:<7} / gonum       {med[a] / med[b]:.3f}   bytes {sizes[a] / sizes[b]:.3f}")
        if args.part == "drawing" or not args.chromium:
            return
        for n, (xy, cat, words) in data.items():
            ours, theirs = os.path.join(folder, f"{n}.html"), os.path.join(folder, f"{n}-plotly.html")
            _, size = plotly_html(xy, cat, words, theirs)
            print(f"HTML {n:,} points, bytes ours / plotly: {os.path.getsize(ours) / size:.3f} ({os.path.getsize(ours):,} / {size:,})")
            a, b = [], []
            browser = Browser(args.chromium, os.path.join(folder, "profile"))
            try:
                for _ in range(args.rounds):
                    a.append(browser.opens(ours, "document.documentElement.dataset.ready"))
                    b.append(browser.opens(theirs, "document.querySelector('.js-plotly-plot')._fullLayout._plots.xy && document.querySelector('.js-plotly-plot').calcdata && document.querySelector('.js-plotly-plot .legend .traces')"))
            finally:
                browser.close()
            a, b = statistics.median(a), statistics.median(b)
            print(f"  first picture, plotly / ours: {b / a:.1f}   ({b:.2f} s / {a:.2f} s)")


if __name__ == "__main__":
    main()
