"""A thousand hostile texts on every view that shows them: nothing runs or is fetched, and nothing is lost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench.browser import ask_and_wait, sign_in
from bench.kinds import add_kinds
from bench.running import winnow

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1500)]

PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "bench" / "xss_payloads.py"
GATE = 1_000
WATCH = """
window.__fired = [];
window.__xss = number => window.__fired.push(number);
for (const kind of ["alert", "confirm", "prompt"]) window[kind] = () => window.__fired.push(kind);
document.addEventListener("securitypolicyviolation", event => window.__fired.push("csp " + event.blockedURI));
"""
FAULTS = """() => {
  const untrusted = "[data-untrusted], .prose, .raw, .lines-2, .clip, [dir=auto], #lightbox";
  const regions = [...document.querySelectorAll(untrusted)];
  const within = selector => regions.flatMap(region => [...region.querySelectorAll(selector)]);
  const names = /^(on|hx-|data-hx|x-|style$|id$|name$|srcdoc$|formaction$)/;
  const forbidden = within("script, iframe, object, embed, form, base, meta, link, style, svg, math, img");
  const marked = within("*").filter(element => [...element.attributes].some(one => names.test(one.name)));
  // What KaTeX drew is its own, and may not link anywhere.
  // Pictures that were uploaded are ours.
  const ours = "a.picture > img[src^='/p/'], .lightbox-body > img, #lightbox-title";
  const strange = [...forbidden, ...marked].filter(one => !one.closest(".katex") && !one.matches(ours));
  return [...strange, ...within(".katex :is(a, img, script)")].map(element => element.outerHTML.slice(0, 200))
    .concat(window.__fired.map(String));
}"""


@pytest.fixture(scope="session")
def running(chrome):
    """A program of its own: in its projects every text is hostile."""
    with winnow() as started:
        yield started


@pytest.fixture(scope="module")
def rows(running, tmp_path_factory):
    if not PAYLOADS.is_file():
        pytest.skip("the shared folder with hostile texts is not beside the project")
    made = subprocess.run(
        [sys.executable, str(PAYLOADS), "--as", "rows"],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    every = [json.loads(line) for line in made.stdout.splitlines()]
    usable = [
        row
        for row in every
        if "\x00" not in json.dumps(row, ensure_ascii=False)
        and not any(0xD800 <= ord(c) < 0xE000 for c in str(row))
    ]
    chosen = random.Random(1).sample(usable, GATE)
    file = tmp_path_factory.mktemp("hostile") / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    add_kinds(running.home, "--hostile", str(file))
    return chosen


@pytest.fixture
def watched(chrome, running):
    """A page that notes whatever runs, and every request that leaves or that a text caused."""
    context = chrome.new_context(viewport={"width": 1360, "height": 860})
    page = context.new_page()
    strange = []
    page.add_init_script(WATCH)
    page.on("dialog", lambda dialog: (strange.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("popup", lambda _popup: strange.append("popup"))
    page.on(
        "request",
        lambda asked: (
            strange.append(asked.url)
            if not asked.url.startswith(running.url) or "xss" in asked.url.split("?")[0]
            else None
        ),
    )
    sign_in(page, running.url, running.password)
    yield page, strange
    context.close()


PAGES = (
    "", "scores/", "judges/", "settling/", "guidelines/", "routing/", "routing/rechecks/", "review/",
    "flags/", "recipes/", "recipes/1/", "releases/", "releases/1/", "images/", "candidates/",
    "quality/", "team/",
)  # fmt: skip


def work_off(page, project):
    """Settle and release what was judged, so that later stages have the texts as well."""
    page.goto(f"{project}/settling/")
    ask_and_wait(page, "text=Settle now", timeout=120_000)
    page.goto(f"{project}/recipes/")
    page.fill("form [name=name]", "All of it")
    page.click("button:text-is('Save')")
    page.wait_for_selector("button:text-is('Freeze')")
    page.click("button:text-is('Freeze')")
    page.click("text=Release v1", timeout=120_000)
    page.wait_for_url("**/releases/1/")


def newlines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_hostile_texts_on_the_desk_stay_texts(watched, running, rows):
    page, strange = watched
    known = {newlines(text) for row in rows for text in (row["response_a"], row["response_b"])}
    page.goto(f"{running.url}/p/hostile/desk/")
    page.click("[data-act=submit]")
    page.wait_for_selector("form.verdict")
    page.click("dialog.guideline-news [type=submit]")
    found, lost, seen = {}, [], set()
    for _number in range(GATE):
        item = page.get_attribute("#desk", "data-assignment")
        seen.add(item)
        if faults := page.evaluate(FAULTS):
            found[item] = faults
        shown = page.evaluate("[...document.querySelectorAll('.shown-raw')].map(one => one.textContent)")
        lost += [text for text in shown if text not in known and "[name withheld]" not in text]
        page.keyboard.press("d")
        page.keyboard.press("i")
        if faults := page.evaluate(FAULTS):
            found[item] = faults
        page.keyboard.press("Escape")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "item => document.getElementById('desk').dataset.assignment !== item", arg=item
        )

    assert len(seen) == GATE
    assert found == {}
    assert lost == []
    assert strange == []


def test_hostile_texts_on_all_other_pages_stay_texts(watched, running, rows):
    page, strange = watched
    found = {}
    project = f"{running.url}/p/hostile"

    def look(address):
        page.goto(address)
        if faults := page.evaluate(FAULTS):
            found[address] = faults

    def linked(place):
        """Where a list leads to, over all of its pages."""
        links, address = [], f"{project}/{place}/"
        while address:
            look(address)
            links += page.locator(f"#main a[href*='/p/hostile/{place}/']").evaluate_all(
                "all => all.map(one => one.href)"
            )
            older = page.locator("a[rel=next]")
            address = older.get_attribute("href") if older.count() else ""
            address = address and page.evaluate("href => new URL(href, location).href", address)
        return sorted({one for one in links if one.rstrip("/").rsplit("/", 1)[1].isdigit()})

    items, answers = linked("items"), linked("mine")
    assert (len(items), len(answers)) == (GATE, GATE)
    work_off(page, project)
    # An item's page shows all there is of it; the others draw the same texts by the same filters, and every
    # tenth payload goes through each of them.
    for address in [*items, *answers[::10]]:
        look(address)
    for address in items[::10]:
        look(address.replace("/items/", "/review/"))
        look(address.replace("/items/", "/quality/checks/"))
    for path in PAGES:
        look(f"{project}/{path}")

    assert found == {}
    assert strange == []
