"""Small projects that show every kind of question and text, in the home of a running program.

    WINNOW_HOME=folder python -m bench.kinds [--hostile FILE]

Used by the browser tests and the screenshots. With ``--hostile`` another project instead, whose texts are the
payloads of a JSON-lines file of import rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.running import ROOT

EULER = (
    "As ChatGPT, I call it the most **beautiful** formula:\n\n$$\ne^{i\\pi} + 1 = 0\n$$\n\n"
    "It joins five numbers in one line.\n\n```python\nimport cmath\n\n\ndef euler() -> complex:\n"
    "    return cmath.exp(1j * cmath.pi) + 1  # nearly nought\n```\n"
)
PLAIN = (
    "It joins five numbers in one line: \\(e\\), \\(i\\), \\(\\pi\\), one and nought.\n\n"
    "- an exponential\n- a turn by half a circle\n- and a step back\n"
)
MARKED = "Nai\u0308ve cooks \U0001f469\u200d\U0001f469\u200d\U0001f467 say that bread needs no salt at all."
LONG = "\n\n".join(f"Paragraph {n}. " + "The dough rests while the oven warms. " * 12 for n in range(1, 9))
TALK = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "Hello! Do you bake?"},
    {"role": "assistant", "content": "I'm Claude, and I only know recipes. What would you like to bake?"},
    {"role": "user", "content": "Bread. Why does everyone speak of $e^{i\\pi}$ while kneading?"},
]
QUESTIONS: dict[str, list[tuple[str, str, str, dict[str, Any], bool]]] = {
    "pairs": [
        ("preference", "preference", "Which answer is better?", {}, True),
        ("why", "text", "Why?", {}, False),
    ],
    "ranking": [
        ("ranking", "ranking", "Rank the answers", {}, True),
        ("critique", "text", "What is wrong with the last?", {"lines": 3}, False),
    ],
    "rating": [
        (
            "scores",
            "rating",
            "Rate each answer",
            {
                "attributes": ["helpfulness", "correctness", "verbosity"],
                "low": 0,
                "high": 4,
                "na": True,
                "labels": {"0": "not at all", "4": "fully"},
            },
            True,
        )
    ],
    "choices": [
        ("preference", "preference", "Which answer is better?", {}, True),
        (
            "reasons",
            "choice",
            "Because it is",
            {
                "options": ["correct", "clear", "safe"],
                "multiple": True,
                "when": {"question": "preference", "any_of": ["decided"]},
            },
            False,
        ),
        ("sure", "choice", "How sure are you?", {"options": ["guessing", "fairly", "certain"]}, True),
        ("note", "text", "In your words", {"lines": 3, "min_length": 5}, True),
    ],
    "pictures": [
        ("preference", "preference", "Which picture fits the words better?", {}, True),
        ("why", "text", "Why?", {}, False),
    ],
    "marks": [
        (
            "marks",
            "spans",
            "Mark what is wrong",
            {"labels": ["wrong", "unclear"], "severities": ["minor", "major"]},
            False,
        ),
        ("usable", "choice", "Can it be used?", {"options": ["yes", "no"]}, True),
    ],
}
TEXTS = {
    "pairs": [EULER, PLAIN],
    "ranking": [EULER, PLAIN, "No idea.", LONG],
    "rating": [PLAIN, LONG],
    "choices": [EULER, PLAIN],
    "pictures": ["Cool tones, the sun low.", ""],
    "marks": [MARKED, PLAIN],
}
PROMPT = "What is so special about $e^{i\\pi}$?"
PROMPTS = {"pictures": "Paint a quiet lake at dusk, in wide format."}
# Top and bottom of each painted sky, by side: the second candidate has two pictures.
SKIES = (
    (("one.png", (38, 48, 96), (236, 150, 92)),),
    (("two.jpg", (16, 24, 52), (96, 110, 150)), ("three.webp", (120, 60, 90), (250, 210, 140))),
)
# What the prompt shows.
ASKED = ("sketch.png", (200, 200, 196), (120, 130, 140))
# Enough for all that a browser's tests answer in one project.
ITEMS = 60


def add_kinds(home: Path, *options: str) -> None:
    """Make the projects in this home; the program may be running."""
    run_in(home, "bench.kinds", *options)


def run_in(home: Path, module: str, *options: str) -> str:
    """Run one of our modules on this home, beside its program; what it printed."""
    models = os.environ.get("WINNOW_MODELS") or str(ROOT / "var" / "models")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WINNOW_")}
    done = subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env=kept
        | {
            "WINNOW_HOME": str(home),
            "WINNOW_MODELS": models,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hostile", type=Path)
    options = parser.parse_args()
    import django

    django.setup()
    if options.hostile:
        rows = [json.loads(line) for line in options.hostile.read_text(encoding="utf-8").splitlines()]
        make_project("hostile", QUESTIONS["pairs"])
        items = [(row["prompt"], [row["response_a"], row["response_b"]]) for row in rows]
        fill("hostile", [(turns_of(prompt), texts) for prompt, texts in items])
        describe_pictures("hostile")
        return
    for name, questions in QUESTIONS.items():
        make_project(name, questions)
        turns = TALK if name in ("ranking", "choices") else turns_of(PROMPTS.get(name, PROMPT))
        fill(name, [(turns, [f"{text}\n\n{n}" for text in TEXTS[name]]) for n in range(1, ITEMS + 1)])
    add_pictures("pictures")


def turns_of(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]


def make_project(slug: str, questions: list[tuple[str, str, str, dict[str, Any], bool]]) -> None:
    from django.contrib.auth.models import User

    from annotate.models import Question
    from annotate.services.projects import create_project

    project = create_project(
        name=slug.title(),
        slug=slug,
        lead=User.objects.get(username="admin"),
        guidelines="Prefer what is **true**, then what is clear.",
    )
    project.questions.all().delete()
    for position, (key, kind, text, options, required) in enumerate(questions):
        Question.objects.create(
            project=project,
            position=position,
            key=key,
            kind=kind,
            text=text,
            options=options,
            required=required,
        )


def fill(slug: str, contents: list[tuple[list[dict[str, str]], list[str]]]) -> None:
    """Items that are open for one person each, written as an import would."""
    from annotate.keys import content_key, prompt_key, text_key
    from annotate.models import Candidate, Item, Project

    project = Project.objects.get(slug=slug)
    for number, (turns, texts) in enumerate(contents, start=1):
        item = Item.objects.create(
            project=project,
            key=content_key("item", slug, number),
            external_id=f"{slug}-{number}",
            group_key=prompt_key(turns),
            prompt=turns,
            seats_wanted=1,
        )
        Candidate.objects.bulk_create(
            Candidate(
                item=item,
                position=position,
                text=text,
                text_hash=text_key(text),
                origin="imported",
                origin_key=content_key("imported", position),
            )
            for position, text in enumerate(texts)
        )


def add_pictures(slug: str) -> None:
    """Skies over water for every candidate of the project, uploaded as a lead would and named as rows do."""
    from annotate.models import Candidate, Project
    from annotate.readers.rows import ImageRow
    from annotate.selectors.images import kept_images
    from annotate.services.images import keep_image

    project = Project.objects.get(slug=slug)
    name, *colours = ASKED
    asked = {name: keep_image(project=project, name=name, data=painted(name, *colours))}
    project.items.update(images=kept_images((ImageRow(name, alt="A sketch of the lake"),), asked))
    for position, skies in enumerate(SKIES):
        known = {
            name: keep_image(project=project, name=name, data=painted(name, *colours))
            for name, *colours in skies
        }
        named = [ImageRow(name=name, alt=f"A lake at dusk, study {n}") for n, name in enumerate(known, 1)]
        Candidate.objects.filter(item__project=project, position=position).update(
            images=kept_images(named, known)
        )


def describe_pictures(slug: str) -> None:
    """Every candidate shows a small picture, and what it shows in words is the candidate's own text."""
    from annotate.models import Candidate, Project
    from annotate.readers.images import LONGEST_ALT
    from annotate.readers.rows import ImageRow
    from annotate.selectors.images import kept_images
    from annotate.services.images import keep_image

    name, *colours = SKIES[0][0]
    known = {
        name: keep_image(project=Project.objects.get(slug=slug), name=name, data=painted(name, *colours))
    }
    found = list(Candidate.objects.filter(item__project__slug=slug))
    for one in found:
        one.images = kept_images([ImageRow(name=name, alt=one.text[:LONGEST_ALT])], known)
    Candidate.objects.bulk_update(found, ["images"], batch_size=500)


def painted(name: str, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> bytes:
    """A sky from the colour above to the colour at the horizon, and water that shows it upside down."""
    from io import BytesIO

    from PIL import Image, ImageOps

    width, height = 960, 540
    sky = Image.new("RGB", (1, height // 2))
    for y in range(sky.height):
        share = (y / sky.height) ** 2
        sky.putpixel((0, y), tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    sky = sky.resize((width, sky.height))
    whole = Image.new("RGB", (width, height))
    whole.paste(sky, (0, 0))
    whole.paste(ImageOps.flip(sky).point(lambda value: round(value * 0.7)), (0, height // 2))
    out = BytesIO()
    whole.save(out, {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}[name.rpartition(".")[2]])
    return out.getvalue()


if __name__ == "__main__":
    main()
