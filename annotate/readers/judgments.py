"""Recorded judgments of our own row shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.limits import Limits
from annotate.readers.rows import JudgmentRow
from annotate.readers.strict_json import describe
from annotate.readers.texts import a_list, a_name, an_object, set_aside

VERDICT_WORDS = ("tie", "neither")
_KNOWN = {"judge", "kind", "answers", "order", "seconds", "at", "version", "raw", "expertise"}
_LONGEST_SECONDS = 10**9
# The same as where a lead says what somebody knows.
MOST_TAGS, LONGEST_TAG = 20, 60


def a_judgment(
    value: Any, *, field: str, candidates: int, limits: Limits, extras: dict[str, Any]
) -> JudgmentRow:
    entry = an_object(value, field=field)
    kind = _kind(entry, field)
    answers, unparseable, raw = _answers(entry, field=field, kind=kind)
    if "preference" in answers and candidates < 2:
        raise RowFault(
            "bad_value",
            "a preference needs two candidates to compare",
            field=f"{field}.answers.preference",
            cure="Add the candidates, or take the judgment out.",
        )
    set_aside(entry, known=_KNOWN, field=field, extras=extras)
    return JudgmentRow(
        judge=_judge(entry, field, limits),
        kind=kind,
        answers=answers,
        unparseable=unparseable,
        raw=entry["raw"] if entry.get("raw") is not None else raw,
        order=_order(entry.get("order"), field=f"{field}.order", candidates=candidates),
        seconds=_seconds(entry.get("seconds"), field=f"{field}.seconds"),
        at=_moment(entry.get("at"), field=f"{field}.at"),
        version=a_name(
            entry.get("version"), field=f"{field}.version", limits=limits, most=limits.max_version_chars
        ),
        expertise=_expertise(entry.get("expertise"), field=f"{field}.expertise"),
    )


def _judge(entry: Mapping[str, Any], field: str, limits: Limits) -> str:
    if "judge" not in entry:
        raise RowFault("missing_field", "nobody is named as the judge", field=f"{field}.judge")
    if entry["judge"] is None:
        raise RowFault("wrong_type", "expected text, got null", field=f"{field}.judge")
    name = a_name(entry["judge"], field=f"{field}.judge", limits=limits)
    if not name:
        raise RowFault("blank", "nobody is named as the judge", field=f"{field}.judge")
    return name


def _kind(entry: Mapping[str, Any], field: str) -> str:
    if "kind" not in entry:
        raise RowFault("missing_field", "is the judge a person or a model?", field=f"{field}.kind")
    kind = entry["kind"]
    if kind not in ("person", "model"):
        raise RowFault(
            "bad_value",
            "the kind of a judge is person or model",
            field=f"{field}.kind",
            cure="Use person or model.",
        )
    return str(kind)


def _answers(entry: Mapping[str, Any], *, field: str, kind: str) -> tuple[dict[str, Any], bool, Any]:
    """Answers, whether no verdict could be read in them, and what was said in that case."""
    if "answers" not in entry:
        raise RowFault("missing_field", "a judgment without answers", field=f"{field}.answers")
    given = entry["answers"]
    if given is None and kind == "model":
        return {}, True, None
    answers = dict(an_object(given, field=f"{field}.answers"))
    if not answers and kind == "model":
        return {}, True, {}
    if not answers:
        raise RowFault("missing_field", "a judgment without an answer", field=f"{field}.answers.preference")
    if "preference" not in answers:
        return answers, False, None
    said = answers.pop("preference")
    if kind == "model" and (said is None or (isinstance(said, str) and said not in VERDICT_WORDS)):
        return answers, True, dict(given)
    return {"preference": _preference(said, f"{field}.answers.preference"), **answers}, False, None


def _preference(said: Any, field: str) -> int | str:
    """A strength of any size: how far it may go is for the project's question to say."""
    if isinstance(said, str) and said in VERDICT_WORDS:
        return said
    if isinstance(said, int) and not isinstance(said, bool):
        return said if said else "tie"
    raise RowFault(
        "bad_value",
        f"{describe(said)} that is no preference",
        field=field,
        cure="Use a whole number (below 0: the first is better; above: the second), tie or neither.",
    )


def _order(value: Any, *, field: str, candidates: int) -> tuple[int, ...] | None:
    if value is None:
        return None
    order = a_list(value, field=field, most=candidates)
    whole = all(isinstance(place, int) and not isinstance(place, bool) for place in order)
    if not whole or sorted(order) != list(range(candidates)):
        raise RowFault(
            "bad_value",
            "the order does not name each candidate once",
            field=field,
            cure="List the positions of all candidates, from 0, in the order in which they were shown.",
        )
    return tuple(order)


def _expertise(value: Any, *, field: str) -> tuple[str, ...]:
    """What the judge knows: a few short tags."""
    if value is None:
        return ()
    tags = a_list(value, field=field, most=MOST_TAGS)
    if not all(isinstance(tag, str) and len(tag.strip()) > 0 and len(tag) <= LONGEST_TAG for tag in tags):
        raise RowFault(
            "bad_value",
            "no list of short tags",
            field=field,
            cure=f'Write tags of up to {LONGEST_TAG} characters, as in ["law"].',
        )
    return tuple(tags)


def _seconds(value: Any, *, field: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowFault("wrong_type", f"expected a number, got {describe(value)}", field=field)
    if not 0 <= value <= _LONGEST_SECONDS:
        raise RowFault("bad_value", "no number of seconds that a judgment can take", field=field)
    return float(value)


def _moment(value: Any, *, field: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise RowFault("wrong_type", f"expected a date and time as text, got {describe(value)}", field=field)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise RowFault(
        "bad_value",
        "no date and time with its time zone",
        field=field,
        cure="Write ISO 8601 with the time zone, as in 2025-03-01T12:00:00+01:00.",
    )
