"""A project's pairs as routers see them: what was known before a person was asked, and what people said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch

from annotate.enums import JudgeKind, Verdict
from annotate.models import Candidate, Item, Project
from annotate.selectors.items import pair_of, pairable_items
from annotate.selectors.judgments import current_judgments
from annotate.selectors.questions import main_key
from curation.enums import Scorer
from curation.models import Score
from curation.selectors.pairs import ln_ches_of

if TYPE_CHECKING:
    from curation.numerics.routing.table import PairRecord

# What a settled verdict is as a label: −1 the first, 1 the second, 0 no side.
CODES: dict[str, int] = {Verdict.FIRST: -1, Verdict.SECOND: 1, Verdict.TIE: 0, Verdict.NEITHER: 0}

# A judge that some replies could not be read of is not put behind one that came later.
NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Said:
    """One judge's current answers to one item; ``preference``: to the question that pairs are made from."""

    item_id: int
    judge: str
    kind: str
    answers: dict[str, Any]
    raw: dict[str, Any]
    preference: Any


@dataclass(frozen=True, slots=True)
class ProjectEvidence:
    """All pairs of a project in the order they came. ``people``: the majority of people by item, where there
    is one. ``judges``: the model judges; first those with about as many verdicts as any (nine tenths), in the
    order they came, then the others. ``flips``: items whose label the strength ensemble would turn."""

    item_ids: list[int]
    records: list[PairRecord]
    people: dict[int, int]
    judges: list[str]
    flips: set[int]


def project_evidence(
    project: Project, *, near: Sequence[int] | None = None, strength: bool = False
) -> ProjectEvidence:
    """Read every pair once, or with ``near`` only the pairs on the prompts of these items.

    No preference of a person is in a record: only models' verdicts, tags and scores. The size of a pair's
    strength, which heads trained on labels of *other* prompts have given, is among them with ``strength``
    only: a replay that counts the labels it uses must do without.
    """
    from curation.numerics.routing.facets import FACETS

    said = _answers(project)
    strengths = _strengths(said)
    by_item: dict[int, list[Said]] = defaultdict(list)
    for one in said:
        by_item[one.item_id].append(one)
    facets = {facet.name for facet in FACETS}
    counted = Counter(one.judge for one in said if one.kind == JudgeKind.MODEL and _code(one) is not None)
    most = max(counted.values(), default=0)
    item_ids, records, flips = [], [], set()
    for item in _items(project, near):
        pair = pair_of(item)
        if pair is not None:
            item_ids.append(item.pk)
            scores: list[Score] = item.all_scores  # type: ignore[attr-defined]  # set by the prefetch
            numbers = _scores(scores, pair[0].pk, strength=strength)
            records.append(_record(item, pair, by_item[item.pk], facets, strengths, numbers))
            if _proposes_flip(scores, pair[0].pk):
                flips.add(item.pk)
    people = {item: code for item in item_ids if (code := _majority(by_item[item])) is not None}
    judges = sorted(counted, key=lambda name: counted[name] < NEARLY_ALL * most)
    return ProjectEvidence(item_ids, records, people, judges, flips)


def _answers(project: Project) -> list[Said]:
    main = main_key(project)
    rows = current_judgments(project).filter(assignment__round=0).order_by("assignment__judge_id", "pk")
    return [
        Said(
            item,
            f"{name} {version}".strip(),
            kind,
            answers,
            raw if isinstance(raw, dict) else {},
            answers.get(main),
        )
        for item, name, version, kind, answers, raw in rows.values_list(
            "assignment__item_id",
            "assignment__judge__name",
            "assignment__judge__version",
            "assignment__judge__kind",
            "answers",
            "raw",
        )
    ]


def _items(project: Project, near: Sequence[int] | None) -> Iterable[Item]:
    items = pairable_items(project)
    if near is not None:
        items = items.filter(group_key__in=Item.objects.filter(pk__in=near).values("group_key"))
    return (
        items.prefetch_related(
            Prefetch("candidates", Candidate.objects.order_by("position")),
            Prefetch("scores", Score.objects.order_by("pk"), to_attr="all_scores"),
        )
        .order_by("pk")
        .iterator(chunk_size=1000)
    )


def _record(
    item: Item,
    pair: tuple[Candidate, Candidate],
    said: Sequence[Said],
    facets: set[str],
    strengths: Mapping[str, set[int]],
    scores: dict[str, float],
) -> PairRecord:
    from curation.numerics.routing.table import PairRecord

    first, second = pair
    models = [one for one in said if one.kind == JudgeKind.MODEL]
    return PairRecord(
        id=item.external_id,
        prompt="\n\n".join(
            str(turn.get("content", "")) for turn in item.prompt if turn.get("role") == "user"
        ),
        first=first.text,
        second=second.text,
        group=item.group_key,
        verdicts={one.judge: float(code) for one in models if (code := _code(one)) is not None},
        confidence={
            one.judge: sure for one in models if (sure := _confidence(one, strengths[one.judge])) is not None
        },
        flips={
            one.judge: float(one.raw["flipped"]) for one in models if isinstance(one.raw.get("flipped"), bool)
        },
        models=(first.model, second.model),
        described=_described(item.meta, said, facets),
        scores=scores,
    )


def _code(said: Said) -> int | None:
    preference = said.preference
    if preference in ("tie", "neither"):
        return 0
    if isinstance(preference, int):
        return (preference > 0) - (preference < 0)
    return None


def _majority(said: Sequence[Said]) -> int | None:
    from curation.numerics.settling import settle_votes

    votes = [one.preference for one in said if one.kind == JudgeKind.PERSON and one.preference is not None]
    return CODES.get(settle_votes(votes).verdict) if votes else None


def _strengths(said: Sequence[Said]) -> dict[str, set[int]]:
    """Which strengths each judge uses: one that always says the same says nothing by it."""
    found: dict[str, set[int]] = defaultdict(set)
    for one in said:
        if isinstance(one.preference, int):
            found[one.judge].add(abs(one.preference))
    return found


def _confidence(said: Said, strengths: set[int]) -> float | None:
    """A judge's own probability of its verdict, or a stand-in from the strength it names."""
    probability = said.raw.get("p_first")
    if isinstance(probability, int | float):
        return max(float(probability), 1 - float(probability))
    if len(strengths) > 1 and isinstance(said.preference, int):
        return 0.5 + abs(said.preference) / 6
    return None


def _described(meta: Mapping[str, Any], said: Sequence[Said], facets: set[str]) -> dict[str, list[str]]:
    """Values by facet: of people before those of models before those that came with the item."""
    found: dict[str, list[str]] = {}
    tags = meta.get("tags")
    given = tags if isinstance(tags, dict) else {"tag": tags} if isinstance(tags, list) else {}
    for source in (given, {name: meta[name] for name in facets & set(meta)}):
        for name, value in source.items():
            found[str(name)] = _words(value)
    for kind in (JudgeKind.MODEL, JudgeKind.PERSON):
        for one in said:
            if one.kind == kind:
                for name in facets & set(one.answers):
                    found[name] = _words(one.answers[name])
    return {name: values for name, values in found.items() if values}


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one).strip().lower() for one in values if isinstance(one, str | int) and str(one).strip()]


def _scores(scores: Sequence[Score], first_id: int, *, strength: bool) -> dict[str, float]:
    """The latest number of each scorer, in a form that does not change when the sides are exchanged.

    Of a strength only the size: its sign, and the proposal to flip, tell what people said of this very pair.
    """
    found: dict[str, float] = {}
    for score in scores:
        if score.value is None or score.first_id != first_id or score.scorer == Scorer.LENGTH:
            continue
        if score.scorer == Scorer.STRENGTH and not strength:
            continue
        if score.scorer == Scorer.CHES:
            both = [ln_ches_of(score.details, swapped=swapped) for swapped in (False, True)]
            found["ln_ches"] = sum(one or 0.0 for one in both) / 2
        elif score.scorer == Scorer.EMBEDDING:
            found["cosine"] = score.value
        elif score.scorer == Scorer.EDIT:
            found["edit"] = score.value
        else:
            found[str(score.scorer)] = abs(score.value)
    return found


def _proposes_flip(scores: Sequence[Score], first_id: int) -> bool:
    """Whether the latest strength of the pair comes with the proposal to turn its label."""
    latest = [one for one in scores if one.scorer == Scorer.STRENGTH and one.first_id == first_id][-1:]
    return any("flip_proposed" in one.flags for one in latest)
