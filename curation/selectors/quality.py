"""How each person judges: everything the lead needs to talk to them, and nothing that acts by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Length

from annotate.enums import AssignmentState, ItemPurpose, JudgeKind, JudgmentState
from annotate.models import Candidate, Item, Judge, Judgment, Project
from annotate.questions.questionnaire import Spec
from annotate.questions.rightness import ABOVE, alike
from annotate.questions.settle_rules import SettleRules
from annotate.questions.subject import LETTERS
from annotate.questions.verdicts import measured
from annotate.selectors.checks import CheckedAnswer, checked_answers
from annotate.selectors.questions import questionnaire_of, settle_rules_of, telling_question
from annotate.selectors.told import told_answer

if TYPE_CHECKING:
    from curation.numerics.quality import Record

# The latest answers of a judge say how they work now.
LATEST = 300
MOST_CHECKS = 500


@dataclass(frozen=True, slots=True)
class QualityRow:
    judge: Judge
    done: int
    skipped: int
    flagged: int
    record: Record
    concerns: tuple[str, ...]


def people_of(project: Project) -> QuerySet[Judge]:
    """People who judge here now, with what they did; not those known from a file."""
    state = "assignments__state"
    return (
        project.judges.filter(kind=JudgeKind.PERSON, recorded=False)
        .select_related("user")
        .annotate(
            n_done=Count("assignments", filter=Q(**{state: AssignmentState.DONE})),
            n_skipped=Count("assignments", filter=Q(**{state: AssignmentState.SKIPPED})),
            n_flagged=Count("assignments", filter=Q(**{state: AssignmentState.FLAGGED})),
        )
        .order_by("-n_done", "pk")
    )


def quality_rows(project: Project, *, judges: Iterable[Judge]) -> list[QualityRow]:
    from curation.numerics.quality import Record, concerns, pace, rate

    checks = {
        purpose: _by_judge(checked_answers(project, purpose=purpose))
        for purpose in (ItemPurpose.GOLD, ItemPurpose.TRAP)
    }
    repeats = repeated_answers(project)
    questionnaire = questionnaire_of(project)
    rules = settle_rules_of(project, questionnaire)
    asked = rules.verdict_spec(questionnaire)
    rows = []
    for judge in judges:
        sides, times = _latest(judge, asked, rules)
        gold, traps = (checks[purpose][judge.pk] for purpose in (ItemPurpose.GOLD, ItemPurpose.TRAP))
        same = repeats[judge.pk]
        record = Record(
            gold=rate(sum(gold), len(gold)),
            traps=rate(sum(traps), len(traps)),
            repeats=rate(sum(same), len(same)),
            first_side=rate(sum(sides), len(sides)),
            pace=pace(times),
        )
        counts = (judge.n_done, judge.n_skipped, judge.n_flagged)  # type: ignore[attr-defined]  # counted with the query
        rows.append(QualityRow(judge, *counts, record, concerns(record)))
    return rows


def repeated_answers(project: Project) -> dict[int, list[bool]]:
    """By judge: whether they were of the same opinion when they were asked again the other way round."""
    asked = telling_question(project)
    if asked is None:
        return {}
    current = Judgment.objects.filter(
        assignment__item__project=project, state=JudgmentState.CURRENT, answers__has_key=asked.key
    )
    columns = ("assignment__judge_id", "assignment__item_id", "answers")
    again = current.filter(assignment__round__gt=0).values_list(*columns)
    second = {(judge, item): answers[asked.key] for judge, item, answers in again}
    first = current.filter(
        assignment__round=0,
        assignment__judge_id__in={judge for judge, _ in second},
        assignment__item__assignments__round__gt=0,
    )
    found: dict[int, list[bool]] = defaultdict(list)
    for judge, item, answers in first.values_list(*columns).distinct():
        if (judge, item) in second:
            found[judge].append(alike(asked.options, answers[asked.key], second[judge, item]))
    return found


def _by_judge(answers: Iterable[CheckedAnswer]) -> dict[int, list[bool]]:
    found: dict[int, list[bool]] = defaultdict(list)
    for one in answers:
        found[one.judge_id].append(one.right)
    return found


def _latest(
    judge: Judge, asked: Spec | None, rules: SettleRules
) -> tuple[list[bool], list[tuple[float, int]]]:
    """Of the latest answers: whether the first side shown won, and times with the characters to be read."""
    rows = list(
        Judgment.objects.filter(assignment__judge=judge, state=JudgmentState.CURRENT)
        .order_by("-pk")
        .values_list("answers", "shown_order", "seconds", "assignment__item_id")[:LATEST]
    )
    characters = characters_of({item for *_, item in rows})
    sides = []
    for answers, order, _seconds, _item in rows:
        if asked is not None and asked.key in answers and len(order) > 1:
            standing = measured(asked, rules, answers[asked.key], sorted(order))
            one, other = standing.get(order[0]), standing.get(order[1])
            if one is not None and other is not None and one != other:
                sides.append(one > other)
    return sides, [(seconds, characters[item]) for *_, seconds, item in rows if seconds]


def characters_of(item_ids: set[int]) -> Counter[int]:
    """How much there is to read in each item: its prompt and all its responses."""
    found: Counter[int] = Counter()
    texts = Candidate.objects.filter(item_id__in=item_ids).values("item_id")
    for row in texts.annotate(n=Sum(Length("text"))).order_by():
        found[row["item_id"]] += row["n"]
    for pk, prompt in Item.objects.filter(pk__in=item_ids).values_list("pk", "prompt"):
        found[pk] += sum(len(turn.get("content", "")) for turn in prompt)
    return found


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A gold or qualification item; ``right``: by question, what is right in words."""

    item: Item
    right: list[tuple[str, str]]


def checks_of(project: Project) -> list[CheckRow]:
    """Gold and qualification items, with what is right."""
    specs = {spec.key: spec for spec in questionnaire_of(project).specs}
    found = (
        project.items.filter(purpose__in=(ItemPurpose.GOLD, ItemPurpose.QUALIFICATION))
        .select_related("gold", "gold__by")
        .annotate(n_answers=Count("assignments", filter=Q(assignments__state=AssignmentState.DONE)))
        .order_by("purpose", "external_id")
    )
    return [CheckRow(item, told_right(specs, item.gold.accepted)) for item in found[:MOST_CHECKS]]


def told_right(specs: Mapping[str, Spec], accepted: Mapping[str, Sequence[Any]]) -> list[tuple[str, str]]:
    return [
        (
            specs[key].text if key in specs else key,
            " or ".join(_right_words(specs.get(key), one) for one in right),
        )
        for key, right in accepted.items()
    ]


def _right_words(spec: Spec | None, right: Any) -> str:
    if isinstance(right, Mapping) and ABOVE in right:
        return " > ".join(LETTERS[one] for one in right[ABOVE])
    if spec is not None and spec.kind in ("ranking", "spans"):
        return told_answer(spec.kind, right)
    return told_answer("", _ranges(right) if spec is not None and spec.kind == "rating" else right)


def _ranges(right: Any) -> Any:
    """The points of a rating as words: "4", or "3–5" where more than one is right."""
    if isinstance(right, Mapping):
        return {name: _ranges(one) for name, one in right.items()}
    return "–".join(str(one) for one in dict.fromkeys(right)) if isinstance(right, list) else right


def purposes_of(project: Project) -> dict[str, int]:
    """How many items there are of each purpose."""
    counted = project.items.values_list("purpose").annotate(n=Count("pk")).order_by()
    return {purpose: 0 for purpose in ItemPurpose.values} | dict(counted)
