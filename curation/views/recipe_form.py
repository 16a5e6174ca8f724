"""The steps of a recipe as a form has them: read from fields, written to fields, rearranged by buttons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotate.language import said
from curation.recipe_forms import FreezeForm
from curation.services.format_previews import FormatPreview, KindKept

PREFIX = "steps"
MOST_STEPS = 40


def steps_from_form(data: QueryDict) -> list[dict[str, Any]]:
    """Plain steps out of the fields ``steps-0-step``, ``steps-0-top_percent`` and so on, in their order.

    Values are read by the kind of each setting, and checked by nobody here: what is no number stays a text,
    so that the one who checks can name it.
    """
    from curation.numerics.recipes import STEPS

    steps = []
    for place in range(MOST_STEPS):
        name = data.get(f"{PREFIX}-{place}-step")
        if name is None:
            break
        step: dict[str, Any] = {"step": name}
        for setting in STEPS[name].settings if name in STEPS else ():
            field = f"{PREFIX}-{place}-{setting.name}"
            step[setting.name] = _value(setting.widget, data, field, setting.default)
        steps.append(step)
    return steps


def rearranged(steps: list[dict[str, Any]], act: str) -> list[dict[str, Any]]:
    """The steps after a button: ``add:NAME``, ``up:2``, ``down:2``, ``remove:2``; others do nothing."""
    from curation.numerics.recipes import STEPS

    verb, _colon, what = act.partition(":")
    steps = list(steps)
    if verb == "add" and what in STEPS and len(steps) < MOST_STEPS:
        step = {"step": what} | {one.name: _plain(one.default) for one in STEPS[what].settings}
        return [step, *steps] if what == "binarise" else [*steps, step]
    place = int(what) if what.isdecimal() and len(what) < 4 else -1
    if not 0 <= place < len(steps):
        return steps
    if verb == "remove":
        return steps[:place] + steps[place + 1 :]
    other = place + {"up": -1, "down": 1}.get(verb, 0)
    if 0 <= other < len(steps):
        steps[place], steps[other] = steps[other], steps[place]
    return steps


def step_fields(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For the template: each step with its title, help and fields."""
    from curation.numerics.recipes import STEPS

    found = []
    for place, step in enumerate(steps):
        kind = STEPS.get(step["step"])
        if kind is None:
            continue
        fields = [
            {
                "name": f"{PREFIX}-{place}-{setting.name}",
                "parameter": setting.name,
                "words": said(setting.words),
                "help": said(setting.help),
                "widget": setting.widget,
                "options": getattr(setting, "options", ()),
                "low": _bound(getattr(setting, "low", None)),
                "high": _bound(getattr(setting, "high", None)),
                "whole": getattr(setting, "whole", False),
                "value": _shown(setting.widget, step.get(setting.name, setting.default)),
                "chosen": step.get(setting.name, setting.default),
            }
            for setting in kind.settings
        ]
        found.append(
            {
                "place": place,
                "name": kind.name,
                "title": said(kind.title),
                "help": said(kind.help),
                "fields": fields,
            }
        )
    return found


def step_choices() -> dict[str, list[tuple[str, str]]]:
    """What can be added, by group."""
    from curation.numerics.recipes import STEPS

    groups: dict[str, list[tuple[str, str]]] = {}
    for kind in STEPS.values():
        groups.setdefault(said(kind.group), []).append((kind.name, said(kind.title)))
    return groups


def fact_words(value: Any) -> Any:
    """A number of a step for a reader: what is counted by name as a list of names and counts."""
    if isinstance(value, Mapping):
        return ", ".join(f"{said(name.replace('_', ' '))} {fact_words(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return _("unknown") if value is None else value


KIND_WORDS = {
    "decided": gettext_lazy("With a preferred side"),
    "tie": gettext_lazy("Ties"),
    "neither": gettext_lazy("Neither"),
    "undecided": gettext_lazy("Disagreement"),
}


def kinds_in_words(shown: FormatPreview) -> list[dict[str, Any]]:
    """Each kind of pair that is kept, how many there are and what the format makes of them."""
    return [
        {
            "kind": one.kind,
            "words": KIND_WORDS[one.kind],
            "pairs": one.pairs,
            "becomes": _becomes(one) if one.pairs else "–",
            "rows": one.rows,
        }
        for one in shown.kinds
    ]


def _becomes(one: KindKept) -> str:
    count = len(one.rows)
    if not count:
        return _("nothing: left out")
    made = ngettext("{n} row each", "{n} rows each", count).format(n=count)
    policy = FreezeForm.policy_words().get(one.policy, one.policy)
    return f"{policy}: {made}" if policy and one.policy else made


def _value(widget: str, data: QueryDict, field: str, default: Any) -> Any:
    if widget == "flag":
        return field in data
    raw = data.get(field)
    if raw is None:
        return _plain(default)
    if widget == "number":
        return _number(raw.strip())
    if widget == "names":
        listed = data.getlist(field)
        return [one.strip() for text in listed for one in text.replace("\n", ",").split(",") if one.strip()]
    if widget == "weights":
        return _weights(raw)
    return raw


def _number(raw: str) -> Any:
    if not raw:
        return None
    for read in (int, float):
        try:
            return read(raw)
        except ValueError:
            continue
    return raw


def _weights(raw: str) -> Any:
    """``helpfulness: 0.65`` on each line, or after commas."""
    found: dict[str, Any] = {}
    for part in raw.replace("\n", ",").split(","):
        name, colon, value = part.partition(":")
        if name.strip():
            found[name.strip()] = _number(value.strip()) if colon else part.strip()
    return found


def _shown(widget: str, value: Any) -> str:
    if widget == "names":
        return ", ".join(value or ())
    if widget == "weights":
        return ", ".join(f"{name}: {number:g}" for name, number in (value or {}).items()
                         if isinstance(number, int | float))  # fmt: skip
    if widget == "number":
        return "" if value is None else json.dumps(value)
    return str(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _bound(value: float | None) -> str:
    return "" if value is None or abs(value) in (float("inf"), float(2**63 - 1)) else f"{value:g}"
