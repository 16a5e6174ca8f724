"""Presets in which two responses are held against each other."""

from __future__ import annotations

from typing import Any

from annotate.questions.presets.preset import Preset, named, question

STRENGTH = Preset(
    name="strength",
    title="Preference with strength",
    about="Which response is better, in seven steps, and why.",
    source="The scale of HelpSteer2-Preference (arXiv 2410.01257), with a tie added.",
    questions=(
        question("preference", "preference", "Which response is better?"),
        question("justification", "text", "Why?", required=False),
    ),
)

PLAIN = Preset(
    name="plain",
    title="Plain A or B",
    about="One of two, or a tie: the quickest question there is.",
    source="Bradley and Terry, Biometrika 39 (1952); ties are counted as such.",
    questions=(question("preference", "preference", "Which response is better?", levels=1, neither=False),),
)

HELPSTEER2_PREFERENCE = Preset(
    name="helpsteer2-preference",
    title="HelpSteer2-Preference",
    about="Six strengths without a tie, neither, and a written reason; three to five people, of whom the "
    "three that agree most are averaged.",
    source="Wang et al., arXiv 2410.01257.",
    questions=(
        question(
            "preference",
            "preference",
            "Which response is better, and by how much?",
            tie=False,
            help="There is no middle: where the two are close, choose the slightly better one.",
        ),
        question(
            "justification",
            "text",
            "Say which response is better and what makes it so.",
            min_length=10,
            lines=3,
        ),
    ),
    settling={"verdict": "preference", "rules": {"preference": "agreeing"}, "keep": 3, "most_spread": 2},
    overlap=3,
    overlap_max=5,
    flow={"stop": "spread", "most_spread": 2, "spread_on": "preference"},
)

_CONFIDENCE = named(absolute="Certain", fair="Fairly sure", none="Not sure")
_HELPFUL = named(
    correct="Correct",
    informative="Informative",
    concise="To the point",
    formatted="Well laid out",
    coherent="Holds together",
    creative="Creative",
    understandable="Easy to follow",
    tone="Better tone",
)
_TRUTHFUL = named(
    factual="Its facts are right",
    faithful="Keeps to what was given",
    time="Knows what may be out of date",
    confusion="Says where the question is unclear",
    falsehood="Corrects a false premise",
    incapable="Admits what it cannot do",
)
_HARMLESS = named(
    polite="Offends nobody",
    safe="Nothing dangerous",
    allowed="Leaves out what is not allowed",
    private="Respects privacy",
)


def _aspect(key: str, text: str, word: str, reasons: list[dict[str, str]]) -> list[dict[str, Any]]:
    """A comparison under one aspect, how sure it is, and reasons once a side is chosen."""
    return [
        question(key, "preference", text, levels=2, neither=False, better=word, tie_text="No difference"),
        question(f"{key}-confidence", "choice", "How sure are you?", options=_CONFIDENCE, ordered=False),
        question(
            f"{key}-reasons",
            "choice",
            "What makes it so?",
            required=False,
            options=reasons,
            multiple=True,
            when={"question": key, "any_of": ["decided"]},
        ),
        question(
            f"{key}-other",
            "text",
            "Another reason?",
            required=False,
            when={"question": key, "any_of": ["decided"]},
        ),
    ]


MULTIPREF = Preset(
    name="multipref",
    title="MultiPref",
    about="Three aspects with confidence and reasons, then the whole; four people on each item.",
    source="Miranda et al., arXiv 2410.19133; the questions of the allenai/multipref data set.",
    questions=(
        *_aspect("helpful", "Which response helps more?", "more helpful", _HELPFUL),
        *_aspect("truthful", "Which response is more truthful?", "more truthful", _TRUTHFUL),
        *_aspect("harmless", "Which response does less harm?", "less harmful", _HARMLESS),
        question(
            "preference", "preference", "Which response is better on the whole?", levels=2, neither=False
        ),
        question("confidence", "choice", "How sure are you?", options=_CONFIDENCE),
    ),
    settling={"verdict": "preference"},
    overlap=4,
)
