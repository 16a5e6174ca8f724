"""From the key press to the next item painted, layout shift and page weight: python -m bench.paint

Prints JSON. ``with_prefetch`` waits until the next item was fetched ahead, as it is while somebody reads;
``without`` answers faster than that. Weights are what a first visit to the desk costs, gzip-compressed,
without KaTeX, which only texts with mathematics load.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
from typing import Any

from bench.browser import all_sent, browser, open_desk, sign_in
from bench.running import winnow

WATCH = """
window.__paints = [];
window.__shift = { all: 0, unasked: 0 };
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    window.__shift.all += entry.value;
    if (!entry.hadRecentInput) window.__shift.unasked += entry.value;
  }
}).observe({ type: "layout-shift", buffered: true });
let pressed = 0;
addEventListener("keydown", event => { if (event.key === "Enter") pressed = event.timeStamp; }, true);
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(changes => {
    if (!pressed || !changes.some(change => [...change.addedNodes].some(node => node.id === "desk"))) return;
    const since = pressed;
    pressed = 0;
    // A message posted from the frame runs once the frame was handed over for painting.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.__paints.push(performance.now() - since);
      port2.postMessage(0);
    });
  }).observe(document.getElementById("main"), { childList: true });
});
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=25, help="how many with prefetch, and how many without")
    options = parser.parse_args()
    with winnow() as running, browser() as chromium:
        weights: dict[str, int] = {}
        context = chromium.new_context(viewport={"width": 1360, "height": 860})
        page = context.new_page()
        page.add_init_script(WATCH)
        sign_in(page, running.url, running.password)
        page.on("response", lambda reply: weigh(weights, reply))
        open_desk(page, running.url, "demo")
        found = {
            "with_prefetch": summary(label(page, options.items, patient=True)),
            "without": summary(label(page, options.items, patient=False)),
            "layout_shift": page.evaluate("window.__shift"),
            "weight_bytes": {name: size for name, size in sorted(weights.items()) if "katex" not in name},
        }
        found["weight_bytes"]["total"] = sum(found["weight_bytes"].values())
        context.close()
    print(json.dumps(found, indent=2))


def label(page: Any, items: int, *, patient: bool) -> list[float]:
    """Answer so many items; the milliseconds from Enter to the next one painted."""
    page.evaluate("window.__paints = []")
    for number in range(items):
        shown = page.get_attribute("#desk", "data-assignment")
        if patient:
            page.wait_for_selector("body[data-ahead='1'][data-unsent='0']")
        page.keyboard.press(str(1 + number % 7))
        page.keyboard.press("Enter")
        page.wait_for_function(
            "shown => document.getElementById('desk').dataset.assignment !== shown", arg=shown
        )
    all_sent(page)
    page.wait_for_timeout(200)
    return [float(one) for one in page.evaluate("window.__paints")]


def summary(paints: list[float]) -> dict[str, float]:
    ordered = sorted(paints)
    return {
        "n": len(ordered),
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "most_ms": round(ordered[-1], 1),
    }


def weigh(weights: dict[str, int], reply: Any) -> None:
    if reply.request.method == "GET" and reply.ok:
        name = reply.url.split("?")[0].split("/", 3)[-1]
        weights.setdefault(name, len(gzip.compress(reply.body())))


if __name__ == "__main__":
    main()
