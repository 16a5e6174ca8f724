"""From readings to answers: both orders debiased, principles voting, samples agreeing, or no answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log
from typing import Any

from curation.numerics.judging import CLIP, debias, preference_from, ranking_from
from curation.numerics.orders import Side, self_consistency
from curation.numerics.principles import principle_score
from curation.prompts.asking import NOT_APPLICABLE, Call
from curation.prompts.reading import Reading
from curation.prompts.spec import JudgeSpec

# Kinds whose answers can turn with the order in which things are shown.
TURNING = ("preference", "ranking", "choice")


@dataclass(frozen=True, slots=True)
class Combined:
    """``answers`` by question, ready to be recorded; ``raw``: how they came about; ``missing``: questions
    that got no answer, with the reason."""

    answers: dict[str, Any]
    raw: dict[str, Any]
    missing: dict[str, str] = field(default_factory=dict)


def combine(
    spec: JudgeSpec, calls: Sequence[Call], readings: Sequence[Reading | None], *, main: str = "preference"
) -> Combined:
    """Put the readings of one item's calls together, one reading (or None) per call. ``main``: the question
    whose figures tell how the judge does."""
    rows = list(zip(calls, readings, strict=True))
    answers: dict[str, Any] = {}
    raw: dict[str, Any] = {}
    missing: dict[str, str] = {}
    by_question: dict[str, list[tuple[Call, Reading | None]]] = defaultdict(list)
    for call, reading in rows:
        by_question[call.question].append((call, reading))
    top = _telling({question: mine[0][0].kind for question, mine in by_question.items()}, main)
    for question, mine in by_question.items():
        found, notes, reason = KINDS[mine[0][0].kind](spec, mine)
        name = question or "aspects"
        # Its figures stand at the top, where everybody looks for them.
        raw |= notes if question == top else {name: notes}
        if reason:
            missing[name] = reason
        elif question:
            answers[question] = found
        else:
            raw[name] = {"ratings": found}
    return Combined(answers, raw, missing)


def _telling(kinds: dict[str, str], main: str) -> str | None:
    """The main question where it is answered, else the first that can turn with the order."""
    if main in kinds:
        return main
    asked = [(question, kind) for question, kind in kinds.items() if question]
    return next((question for one in TURNING for question, kind in asked if kind == one), None)


Rows = list[tuple[Call, Reading | None]]


def _preference(spec: JudgeSpec, rows: Rows) -> tuple[Any, dict[str, Any], str]:
    notes, reason = _pair(spec, rows)
    found = None if reason else preference_from(notes["p_first"], tie_band=spec.tie_band)
    return found, {"tie_band": spec.tie_band} | notes, reason


def _ranking(spec: JudgeSpec, rows: Rows) -> tuple[Any, dict[str, Any], str]:
    """Every pair in both orders; a ranking has no hole, so one pair that cannot be read leaves it out."""
    by_pair: dict[tuple[int, ...], Rows] = defaultdict(list)
    for call, reading in rows:
        by_pair[tuple(sorted(call.shown))].append((call, reading))
    told = {(pair[0], pair[1]): _pair(spec, mine) for pair, mine in by_pair.items()}
    reasons = [reason for _, reason in told.values() if reason]
    pairs = [{"pair": list(pair)} | notes for pair, (notes, _) in told.items()]
    if reasons:
        return None, {"pairs": pairs}, reasons[0]
    turned = sum(notes["flipped"] for notes, _ in told.values())
    found = ranking_from(
        {pair: notes["p_first"] for pair, (notes, _) in told.items()},
        tie_band=spec.tie_band,
        ties=rows[0][0].ties,
    )
    return found, {"pairs": pairs, "turned": turned, "flipped": 2 * turned > len(told)}, ""


def _pair(spec: JudgeSpec, rows: Rows) -> tuple[dict[str, Any], str]:
    """What both orders of one pair say together, and why they say nothing where they do not."""
    notes: dict[str, Any] = {
        "mass": [None if reading is None else round(reading.mass, 6) for _, reading in rows]
    }
    by_part: dict[str, tuple[list[float | None], list[float | None]]] = defaultdict(lambda: ([], []))
    for call, reading in rows:
        said = reading.shares[call.labels[0]] if reading is not None and reading.valid else None
        by_part[call.part][_turned(call)].append(said)
    votes = []
    for part, orders in by_part.items():
        forward, backward = _mean(orders[0]), _mean(orders[1])
        if forward is None or backward is None:
            return notes, "unparseable"
        votes.append((part, forward, backward))
    settled = [debias(forward, backward) for _, forward, backward in votes]
    if len(votes) == 1:
        p_first = settled[0].p_first
    else:
        scores = [principle_score(_logit(a), -_logit(b)) for _, a, b in votes]
        p_first = 1 / (1 + exp(-sum(scores) / len(scores)))
        notes["principles"] = [
            {"principle": part, "p_first_shown": [a, b], "score": score}
            for (part, a, b), score in zip(votes, scores, strict=True)
        ]
    notes |= {
        "p_first_shown": [votes[0][1], votes[0][2]],
        "p_first": p_first,
        "bias": sum(one.bias for one in settled) / len(settled),
        "flipped": sum(one.flipped for one in settled) * 2 > len(settled),
    }
    if spec.samples > 1:
        notes["ai_confidence"] = _consistency(rows)
        if notes["ai_confidence"] < spec.keep_share:
            return notes, "abstained"
    return notes, ""


def _turned(call: Call) -> int:
    """0 where the responses stand as they are stored, 1 the other way round."""
    return int(call.shown[0] > call.shown[1])


def _consistency(rows: Rows) -> float:
    orders: tuple[list[Side], list[Side]] = ([], [])
    for call, reading in rows:
        if reading is not None and reading.valid:
            share = reading.shares[call.labels[0]]
            orders[_turned(call)].append("first" if share > 0.5 else "second" if share < 0.5 else "tie")
    return self_consistency(*orders).share


def _rating(spec: JudgeSpec, rows: Rows) -> tuple[Any, dict[str, Any], str]:
    """The likeliest number; N is an answer of its own (null). What cannot be read is no number: a question of
    the project is then without an answer, and an aspect of our own is left out."""
    cast: dict[tuple[tuple[int, ...], str], list[Reading]] = defaultdict(list)
    for call, reading in rows:
        if reading is not None and reading.valid:
            cast[call.shown, call.part].append(reading)
    found: dict[str, Any] = {}
    shares: list[float] = []
    points = dict(zip(rows[0][0].labels, rows[0][0].values, strict=True))
    for (shown, attribute), readings in cast.items():
        label, share = _voted(readings)
        shares.append(share)
        value = None if label == NOT_APPLICABLE else int(points[label])
        if shown:
            found.setdefault(str(shown[0]), {})[attribute] = value
        else:
            found[attribute] = value
    asked = len({(call.shown, call.part) for call, _ in rows})
    notes = {"share": shares, "unread": asked - len(cast)}
    return found, notes, "unparseable" if len(cast) < asked and rows[0][0].question or not found else ""


def _choice(spec: JudgeSpec, rows: Rows) -> tuple[Any, dict[str, Any], str]:
    """An option that both orders of the list name; where they differ there is no answer."""
    cast: dict[tuple[int, ...], dict[str, list[tuple[Call, Reading]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    asked = {call.shown for call, _ in rows}
    for call, reading in rows:
        if reading is not None and reading.valid:
            cast[call.shown][call.part].append((call, reading))
    found: dict[str, str] = {}
    single: str | None = None
    turned = 0
    for shown, orders in cast.items():
        said = {order: _value(made) for order, made in orders.items()}
        if len(said) < 2:
            continue
        if said["forward"] != said["backward"]:
            turned += 1
        elif shown:
            found[str(shown[0])] = said["forward"]
        else:
            single = said["forward"]
    agreed = len(found) + (single is not None)
    notes = {"agreed": agreed, "asked": len(asked), "flipped": 2 * turned > len(asked)}
    if single is not None:
        return single, notes, ""
    return found, notes, "" if len(found) == len(asked) else "orders disagree"


def _value(made: Sequence[tuple[Call, Reading]]) -> str:
    call = made[0][0]
    label, _share = _voted([reading for _, reading in made])
    return call.values[call.labels.index(label)]


def _voted(readings: Sequence[Reading]) -> tuple[str, float]:
    """What most samples say, and the share that says it; the probability itself of a single sample."""
    if len(readings) == 1:
        label = readings[0].likeliest
        return label, readings[0].shares[label]
    label, votes = Counter(reading.likeliest for reading in readings).most_common(1)[0]
    return label, votes / len(readings)


def _mean(values: Sequence[float | None]) -> float | None:
    """Over the samples that could be read, if most could."""
    read = [value for value in values if value is not None]
    return sum(read) / len(read) if read and 2 * len(read) > len(values) else None


def _logit(p: float) -> float:
    clipped = min(max(p, CLIP), 1 - CLIP)
    return log(clipped / (1 - clipped))


KINDS = {"preference": _preference, "ranking": _ranking, "rating": _rating, "choice": _choice}
