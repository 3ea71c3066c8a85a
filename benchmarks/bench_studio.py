"""How live the studio is: from a pointer move to the new picture on the screen, in Chromium.

    python benchmarks/bench_studio.py [--model scenery] [--side 256] [--write FOLDER]

A scribble without a pause over a map of bands, in a headless browser on this machine; every picture
that is drawn is recorded. Needs `pip install 'sinopia[dev]'` and Chromium.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from sinopia.files import write_text
from sinopia.inference.benchmark.machine import describe_machine
from sinopia.inference.benchmark.report import markdown_table

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

# Called in the page. A stroke runs along a Lissajous figure, one pointer move a display frame, sent
# to the canvas as the browser would send it; the time of each move is kept until a picture shows
# the state that it was sent with.
_SCRIBBLE = """async ({ seconds, side }) => {
  const { document: work, live, store } = sinopia;
  const canvas = document.querySelector("canvas[data-testid=stage]");
  const { viewport } = store.get();
  const box = canvas.getBoundingClientRect();
  const send = (type, t) => {
    const x = side * (0.5 + 0.42 * Math.sin(2.1 * t));
    const y = side * (0.5 + 0.42 * Math.sin(3.3 * t + 0.5));
    canvas.dispatchEvent(new PointerEvent(type, {
      pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true,
      button: type === "pointermove" ? -1 : 0, buttons: type === "pointerup" ? 0 : 1,
      clientX: box.left + viewport.x + x * viewport.scale,
      clientY: box.top + viewport.y + y * viewport.scale,
      pressure: 0.5,
    }));
  };
  const frame = () => new Promise(requestAnimationFrame);
  const moves = [];  // { at, serial }: when the pointer moved, and the state that holds the move
  const shown = [];  // { at, serial, server }
  const { listeners } = live;
  const before = listeners.onShown;
  listeners.onShown = (picture) => {
    const { serial, header } = picture;
    shown.push({ at: performance.now(), serial, server: header.milliseconds });
    before(picture);
  };
  canvas.setPointerCapture = () => {};
  const start = performance.now();
  send("pointerdown", 0);
  let last = 0;
  while (last < 1000 * seconds) {
    await frame();
    const at = performance.now();
    last = at - start;
    send("pointermove", last / 1000);
    await Promise.resolve();
    await Promise.resolve();
    moves.push({ at, serial: live.lastSent, revision: work.revision });
  }
  send("pointerup", last / 1000);
  const lifted = performance.now();
  while (live.lastShown < live.lastSent) await frame();
  const settled = performance.now() - lifted;
  listeners.onShown = before;
  return { moves, shown, settled };
}"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the table if asked."""
    parser = argparse.ArgumentParser(description="Latency of live painting in the browser.")
    parser.add_argument("--model", default="scenery")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--threads", type=int, help="that paint [the studio's own choice]")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="also write a results file")
    parser.add_argument("--frames", type=Path, metavar="FILE", help="every picture, as JSON")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("Chromium is not installed (Debian: apt-get install chromium)")
    command = [sys.executable, "-m", "sinopia", "studio", "--port", "0", "--no-browser"]
    if options.threads is not None:
        command += ["--threads", str(options.threads)]
    with (
        subprocess.Popen(
            [*command, "--model", options.model], stdout=subprocess.PIPE, text=True
        ) as server,
        sync_playwright() as playwright,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        prepare(page, url, options.side)
        scribble = {"seconds": options.seconds, "side": options.side}
        page.evaluate(_SCRIBBLE, {**scribble, "seconds": 1.0})  # what is loaded at first use
        page.wait_for_timeout(2000)  # thumbnails
        record = page.evaluate(_SCRIBBLE, scribble)
        browser.close()
        server.terminate()
    if options.frames:
        write_text(options.frames, json.dumps(record))
    machine = describe_machine(torch.device("cpu"))
    text = "\n".join(report(record, machine.to_text(), options.model, options.side)) + "\n"
    print(text)
    if options.write:
        write_text(options.write / f"{machine.date}-studio-{options.model}-{options.side}.md", text)


def prepare(page: Page, url: str, side: int) -> None:
    """Open the page with a square map of bands."""
    page.goto(url)
    while not page.evaluate("window.sinopia !== undefined && sinopia.live.state === 'live'"):
        page.wait_for_timeout(50)
    page.wait_for_timeout(500)
    while page.locator("dialog[open]").count() > 0:
        page.keyboard.press("Escape")
    page.evaluate(
        """async (side) => {
          const { LabelMap } = await import("/static/core/label_map.js");
          const { classes } = sinopia.store.get().model.vocabulary;
          const band = (i) => Math.floor((4 * Math.floor(i / side)) / side) % classes.length;
          const ids = Uint8Array.from({ length: side * side }, (_, i) => band(i));
          sinopia.document.replace(new LabelMap(side, side, ids));
          const { settings } = sinopia.store.get();
          const classId = Math.min(5, classes.length - 1);
          sinopia.store.set({ settings: { ...settings, classId, brushSize: side / 16 } });
        }""",
        side,
    )
    page.wait_for_timeout(1000)


def report(record: dict[str, list[dict]], machine: str, model: str, side: int) -> list[str]:
    """The results as lines of Markdown."""
    moves, shown = record["moves"], record["shown"]
    waits = []
    for move in moves:
        first = next((each for each in shown if each["serial"] >= move["serial"]), None)
        if first is not None:
            waits.append(first["at"] - move["at"])
    gaps = [b["at"] - a["at"] for a, b in itertools.pairwise(shown)]
    server = [sum(each["server"].values()) - each["server"]["waited"] for each in shown]
    deciles = statistics.quantiles(waits, n=20)
    seconds = (moves[-1]["at"] - moves[0]["at"]) / 1000
    rows = [
        ("pointer move to picture on screen, median", f"{statistics.median(waits):.0f} ms"),
        ("the same, 95 of 100", f"{deciles[-1]:.0f} ms"),
        ("between pictures, median", f"{statistics.median(gaps):.0f} ms"),
        ("painting and encoding on the server, median", f"{statistics.median(server):.0f} ms"),
        ("from lifting the pen to the picture of the last stroke", f"{record['settled']:.0f} ms"),
        ("moves, pictures", f"{len(moves)}, {len(shown)} in {seconds:.1f} s"),
    ]
    return [
        f"# Studio: {model}, {side}x{side}, a scribble without a pause",
        "",
        machine,
        "",
        markdown_table(("", ""), rows),
        "",
        "Headless Chromium, server and page on this machine; a move counts until a picture whose "
        "map holds it is drawn.",
    ]


if __name__ == "__main__":
    main()
