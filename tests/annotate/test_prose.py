from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.templatetags.prose import (
    ALLOWED_CLASSES,
    ATTRIBUTES,
    MAX_CHARACTERS,
    TAGS,
    is_heavy,
    render_prose,
)

PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "bench" / "xss_payloads.py"
ABSOLUTE = ("http://", "https://", "mailto:")


class Markup(HTMLParser):
    """Every element with its attributes, and all text as a reader would see it."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def read_markup(text):
    parser = Markup()
    parser.feed(render_prose(text))
    parser.close()
    return parser


def faults_in(text):
    """What of the rendered text a browser could act upon."""
    faults = []
    for tag, attributes in read_markup(text).elements:
        allowed = ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        plain = tag == "div" and attributes == {"class": "plain"}
        if plain or (set(attributes) == {"class"} and attributes["class"] in ALLOWED_CLASSES.get(tag, ())):
            continue
        if tag not in TAGS or not set(attributes) <= allowed:
            faults.append((tag, attributes))
        href = attributes.get("href") or ""
        if href and not href.lower().startswith(ABSOLUTE):
            faults.append((tag, attributes))
    return faults


def payloads():
    if not PAYLOADS.is_file():
        pytest.skip("the shared folder with hostile texts is not beside the project")
    made = subprocess.run(
        [sys.executable, str(PAYLOADS), "--as", "rows"],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    for line in made.stdout.splitlines():
        row = json.loads(line)
        yield from (row[name] for name in ("prompt", "response_a", "response_b", "model_a", "model_b"))


def test_prose_lets_no_hostile_text_become_code():
    texts = [text for text in payloads() if isinstance(text, str)]

    faults = {text: found for text in texts if (found := faults_in(text))}

    assert len(texts) > 1000
    assert faults == {}


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "[x](/logout/)",
        "[x](//example.org/pixel)",
        "[x](#messages)",
    ],
)
def test_prose_makes_no_link_that_runs_or_stays_here(text):
    links = [attributes for tag, attributes in read_markup(text).elements if tag == "a"]

    assert [one for one in links if one.get("href")] == []


def test_prose_shows_raw_html_as_text():
    text = '<div class="x" hx-get="/logout/" data-hx-post="/x" onclick="go()">hello</div>'

    shown = read_markup(text)

    assert shown.text.strip() == text
    assert [tag for tag, _attributes in shown.elements] == ["p"]


def test_prose_gives_links_a_rel_and_no_target():
    assert read_markup("[a](https://example.org/b)").elements == [
        ("p", {}),
        ("a", {"href": "https://example.org/b", "rel": "noopener noreferrer nofollow"}),
    ]


def test_prose_never_fetches_an_image():
    shown = read_markup("before ![the *alt* text](https://example.org/pixel.png) after")

    assert shown.text.strip() == "before the alt text after"
    assert [tag for tag, _attributes in shown.elements] == ["p"]


@pytest.fixture
def trusted_host(settings):
    settings.WINNOW_IMAGE_HOSTS = ["pictures.example.org"]
    render_prose.cache_clear()
    yield "https://pictures.example.org"
    render_prose.cache_clear()


def test_prose_shows_an_image_of_a_trusted_host_and_tells_it_nothing(trusted_host):
    assert read_markup(f"![a *cat*]({trusted_host}/a.png)").elements[1] == (
        "img",
        {
            "src": f"{trusted_host}/a.png",
            "alt": "a cat",
            "referrerpolicy": "no-referrer",
            "loading": "lazy",
            "decoding": "async",
        },
    )


@pytest.mark.parametrize(
    "source",
    [
        "http://pictures.example.org/a.png",
        "https://pictures.example.org.evil.example/a.png",
        "https://pictures.example.org:444/a.png",
        "https://me@pictures.example.org/a.png",
        "//pictures.example.org/a.png",
        "https://[/a.png",
        "data:image/png;base64,AAAA",
        "/logout/",
    ],
)
def test_prose_shows_no_image_of_any_other_address(trusted_host, source):
    assert [tag for tag, _attributes in read_markup(f"![a cat]({source})").elements if tag == "img"] == []


def test_prose_escapes_the_alt_text_of_an_image():
    assert faults_in('![<img src=x onerror="go()">](x)') == []


def test_prose_renders_lists_code_and_tables():
    shown = read_markup("3. three\n4. four\n\n```python\nx < 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")

    assert ("ol", {"start": "3"}) in shown.elements
    assert {"pre", "code", "table", "td"} <= {tag for tag, _attributes in shown.elements}
    assert "x < 1" in shown.text


def test_prose_colours_code_of_a_known_language_and_no_other():
    shown = read_markup("```python\ndef f(): return 1  # one\n```\n\n```whitespace\nx\n```")

    assert ("span", {"class": "k"}) in shown.elements
    assert ("span", {"class": "c1"}) in shown.elements
    assert shown.text.split("\n")[0] == "def f(): return 1  # one"
    assert shown.text.rstrip().endswith("x")


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("so $x^2$ and \\(a_1\\)", ["$x^2$", "\\(a_1\\)"]),
        ("$$\n\\sum_i i\n= 3\n$$\nafter", ["$$\n\\sum_i i\n= 3\n$$"]),
        ("- a\n- \\[ y \\]\n", ["\\[ y \\]"]),
        ("it costs $5 and $10, or $3", []),
        ("`$x$` and \\$y\\$ and $ z $ and $", []),
        ("$a < b$ <b>", ["$a < b$"]),
        ("$$ $$ and \\( \\)", []),
        ("$*a*$ *b*", ["$*a*$"]),
    ],
)
def test_prose_marks_mathematics_with_its_delimiters(text, formulas):
    found = re.findall(r'<(?:span|div) class="maths">(.*?)</(?:span|div)>', render_prose(text), re.DOTALL)

    assert [html.unescape(one) for one in found] == formulas


@pytest.mark.parametrize(
    "text",
    [
        "a" * (MAX_CHARACTERS + 1),
        "> " * 200 + "deep",
        "[" * 400,
        "*" * 400 + "a",
        "`" * 300,
        "a **b " * 2000,
        "[a](" * 2000,
        "- " * 300 + "x",
        "<" * 500,
        "- a\n" * 2000,
        "|a|b|\n|-|-|\n" + "|1|2|\n" * 900,
        "$" * 64,
        "$a " * 2001,
    ],
    ids=[
        "long",
        "quotes",
        "brackets",
        "stars",
        "ticks",
        "openers",
        "links",
        "bullets",
        "angles",
        "lines",
        "cells",
        "dollars",
        "formulas",
    ],
)
def test_prose_shows_what_is_heavy_as_plain_text(text):
    shown = read_markup(text)

    assert is_heavy(text)
    assert shown.elements == [("div", {"class": "plain"})]
    assert shown.text == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("[]()<>!*_`~#>-|\\&:;\"'= \n\tabhx=/")), max_size=200))
def test_prose_of_any_punctuation_is_harmless(text):
    assert faults_in(text) == []
