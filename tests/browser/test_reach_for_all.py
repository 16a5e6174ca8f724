"""Every page in every theme passes axe-core, fits a phone, and can be enlarged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.browser import open_desk, sign_in
from bench.lived_in import add_life

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
THEMES = [("light", "normal"), ("dark", "normal"), ("light", "more"), ("dark", "more")]
DESKS = ("pairs", "ranking", "rating", "choices", "marks", "pictures")


def violations(page):
    """What axe finds. It comes in through the debugger: the page's policy would refuse it as a script."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })",
        RULES,
    )
    return [
        (one["id"], node["target"], node.get("failureSummary", "")[:200])
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]


@pytest.fixture(scope="session")
def paths(kinds):
    """Every page there is, in a project that was worked in."""
    return {name: kinds.url + path for name, path in add_life(kinds.home).items()}


@pytest.fixture(params=THEMES, ids=lambda theme: "-".join(theme))
def themed(request, chrome, kinds):
    scheme, contrast = request.param
    context = chrome.new_context(viewport={"width": 1360, "height": 860}, color_scheme=scheme)
    context.add_init_script(f"localStorage.setItem('winnow:contrast', '{contrast}')")
    page = context.new_page()
    sign_in(page, kinds.url, kinds.password)
    yield page
    context.close()


def test_axe_finds_nothing_on_any_page(themed, paths):
    found = {}
    for name, url in paths.items():
        answer = themed.goto(url)
        assert answer.status == 200, name
        if seen := violations(themed):
            found[name] = seen

    assert found == {}


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_fits_a_phone_where_axe_finds_nothing_either(chrome, kinds, paths, language):
    """In both languages: German words are longer."""
    context = chrome.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    context.add_cookies([{"name": "django_language", "value": language, "url": kinds.url}])
    page = context.new_page()
    sign_in(page, kinds.url, kinds.password)
    wide, found = {}, {}
    for name, url in paths.items():
        page.goto(url)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            wide[name] = width
        if seen := violations(page):
            found[name] = seen
    context.close()

    assert wide == {}
    assert found == {}


def test_axe_finds_nothing_on_any_desk_or_in_its_dialogs(themed, kinds):
    found = {}
    for slug in DESKS:
        open_desk(themed, kinds.url, slug)
        themed.keyboard.press("1")
        themed.wait_for_timeout(300)
        if seen := violations(themed):
            found[slug] = seen
    for key in ("g", "?", "s", "f"):
        themed.keyboard.press("Escape")
        themed.keyboard.press(key)
        if seen := violations(themed):
            found[key] = seen
    open_desk(themed, kinds.url, "pictures")
    themed.keyboard.press("i")
    themed.wait_for_timeout(200)
    if seen := violations(themed):
        found["lightbox"] = seen
    themed.keyboard.press("Escape")
    themed.keyboard.press("d")
    if seen := violations(themed):
        found["differences"] = seen

    assert found == {}


def test_axe_finds_nothing_on_the_way_in(chrome, running):
    page = chrome.new_context().new_page()
    page.goto(f"{running.url}/login/")

    assert violations(page) == []


@pytest.mark.parametrize(
    "size", [(390, 844), (680, 430), (1360, 860)], ids=["phone", "enlarged to 200 %", "laptop"]
)
def test_every_desk_can_be_answered_in_little_room(chrome, kinds, size):
    width, height = size
    context = chrome.new_context(viewport={"width": width, "height": height}, has_touch=True)
    page = context.new_page()
    sign_in(page, kinds.url, kinds.password)
    for slug in DESKS:
        open_desk(page, kinds.url, slug)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, slug
        assert page.evaluate("document.body.scrollWidth") <= width, slug
        submit = page.locator("button.submit")
        submit.scroll_into_view_if_needed()
        box = submit.bounding_box()
        assert box["height"] >= 44, slug
        assert box["y"] + box["height"] <= height, slug
        small = page.evaluate(
            """() => [...document.querySelectorAll('#desk :is(button, .stop, .point, select, .choice)')]
                .filter(one => one.checkVisibility() && Math.min(one.offsetWidth, one.offsetHeight) < 43.5)
                .map(one => one.outerHTML.slice(0, 90))"""
        )
        assert small == [], slug
    context.close()


def test_nothing_moves_for_whoever_asked_for_less_motion(chrome, running):
    context = chrome.new_context(reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, running.url, running.password)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(one => {
            const style = getComputedStyle(one);
            return parseFloat(style.transitionDuration) > 0 || parseFloat(style.animationDuration) > 0;
        }).length"""
    )

    assert moving == 0
    context.close()
