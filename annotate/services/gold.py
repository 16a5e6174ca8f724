"""Items whose right answers are known: chosen by the lead, or made by spoiling a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotate.enums import ItemPurpose, Origin
from annotate.errors import InvalidAnswer, InvalidSetting, NothingToDo
from annotate.keys import content_key, text_key
from annotate.models import Candidate, Gold, Item, Project
from annotate.questions.preference import PreferenceOptions
from annotate.questions.questionnaire import Spec
from annotate.questions.ranking import RankingOptions
from annotate.questions.rightness import ABOVE, SIDES, clean_right, is_checkable, right_of
from annotate.questions.settle_rules import SettleRules
from annotate.questions.subject import Subject
from annotate.rules.corruption import corrupt, kind_for
from annotate.rules.turns import draw
from annotate.selectors.questions import questionnaire_of, settle_rules_of
from annotate.services.seats import hold_seats

CHECKS = (ItemPurpose.GOLD, ItemPurpose.QUALIFICATION)
MOST_TRAPS = 500


@transaction.atomic
def make_gold(
    *,
    item: Item,
    accepted: Mapping[str, Sequence[Any]],
    purpose: ItemPurpose = ItemPurpose.GOLD,
    explanation: str = "",
    by: User | None = None,
) -> Gold:
    """Take an item out of the work to know the judges by it: from now on it is neither routed, settled nor
    released. Raises InvalidSetting for answers that no question of the project can have."""
    if purpose not in CHECKS or item.purpose not in (ItemPurpose.WORK, *CHECKS):
        raise InvalidSetting(
            "This item cannot be made a check.", field="purpose", cure="Choose an item of the work."
        )
    cleaned = _clean_accepted(item, accepted)
    hold_seats(item_id=item.pk)
    Item.objects.filter(pk=item.pk).update(purpose=purpose, seats_wanted=F("seats_taken"))
    item.refresh_from_db(fields=["purpose", "seats_wanted"])
    gold, _created = Gold.objects.update_or_create(
        item=item,
        defaults={
            "accepted": cleaned,
            "explanation": explanation.strip()[:4000],
            "by": by,
        },
    )
    return gold


@transaction.atomic
def unmake_gold(*, item: Item) -> None:
    """Send a check back into the work; routing opens its seats anew."""
    Item.objects.filter(pk=item.pk, purpose__in=CHECKS).update(purpose=ItemPurpose.WORK)
    Gold.objects.filter(item=item, item__purpose=ItemPurpose.WORK).delete()


def accepted_from(
    *, item: Item, answers: Mapping[str, Any], tolerance: int = 0, also: Sequence[str] = ()
) -> dict[str, list[Any]]:
    """What is right where these answers, about the candidates as stored, are: a rating may be off by
    ``tolerance`` points, a preference may favour one of the sides ``also``. Texts are left out.

    Raises InvalidSetting for an answer that nobody could give.
    """
    kinds = {key: kind for key, kind in questionnaire_of(item.project).kinds.items() if is_checkable(kind)}
    about = subject_of(item)
    try:
        said = {
            key: kinds[key].clean(answer, field=key, about=about, whole=False)
            for key, answer in answers.items()
            if key in kinds
        }
    except InvalidAnswer as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble
    found = {key: [right_of(kinds[key], one, tolerance=tolerance)] for key, one in said.items()}
    for key, right in found.items():
        if isinstance(kinds[key], PreferenceOptions):
            right += [side for side in also if side not in right]
    return found


def subject_of(item: Item) -> Subject:
    texts = dict(item.candidates.values_list("position", "text"))
    return Subject(tuple(sorted(texts)), texts)


def _clean_accepted(item: Item, accepted: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    kinds = questionnaire_of(item.project).kinds
    about = subject_of(item)
    if not accepted or not all(accepted.values()):
        raise InvalidSetting(
            "Say which answers are right.", field="right", cure="Answer one question or more."
        )
    unknown = sorted(set(accepted) - set(kinds))
    if unknown:
        raise InvalidSetting(
            "There is no such question.", field=unknown[0], cure="Name a question of the project."
        )
    try:
        return {
            key: [clean_right(kinds[key], one, field=key, about=about) for one in right]
            for key, right in accepted.items()
        }
    except InvalidAnswer as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble


@transaction.atomic
def make_traps(*, project: Project, count: int) -> int:
    """Make up to so many pairs of a response and a spoiled version of it; the same items give the same
    traps. Returns how many are new."""
    if not 1 <= count <= MOST_TRAPS:
        raise InvalidSetting("This is no number of traps.", field="count", cure=f"Ask for 1 to {MOST_TRAPS}.")
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    questionnaire = questionnaire_of(project)
    rules = settle_rules_of(project, questionnaire)
    spec = rules.verdict_spec(questionnaire)
    if spec is None:
        raise InvalidSetting(
            "Traps need a question that puts two responses in an order.",
            field="count",
            cure="Ask for a preference, a ranking, or a rating of each response.",
        )
    sources = project.items.filter(purpose=ItemPurpose.WORK, traps=None, candidates__position=1)
    made = 0
    # By key, which is a shuffle, and twice as many as needed: some responses are too short to spoil.
    items = list(sources.order_by("key").prefetch_related("candidates")[: 2 * count + 1])
    for number, item in enumerate(items):
        if made == count:
            break
        made += _make_trap(item, items[number - 1], spec, rules)
    if not made:
        raise NothingToDo("No response could be spoiled.", cure="Import items with longer responses.")
    return made


def _make_trap(source: Item, elsewhere: Item, spec: Spec, rules: SettleRules) -> bool:
    project = source.project
    sides = sorted(source.candidates.all(), key=lambda one: one.position)
    better = 0 if draw(project.seed, "trap", source.key) < 0.5 else 1
    other = elsewhere.candidates.all()[0].text if elsewhere.group_key != source.group_key else ""
    for kind in kind_for(project.seed, source.key):
        worse = corrupt(sides[better].text, kind=kind, seed=project.seed, name=source.key, other=other)
        texts = [one.text for one in sides]
        if worse is not None and worse not in texts:
            texts[1 - better] = worse
            trap = _store_trap(source, kind, texts, sides, images=sides[better].images)
            Gold.objects.create(item=trap, accepted={spec.key: [_right_of_trap(spec, rules, better)]})
            return True
    return False


def _right_of_trap(spec: Spec, rules: SettleRules, better: int) -> Any:
    """That the response stands above its spoiled version, by what gives the pair its verdict."""
    if isinstance(spec.options, PreferenceOptions):
        return SIDES[better]
    right: dict[str, Any] = {ABOVE: [better, 1 - better]}
    if isinstance(spec.options, RankingOptions):
        return right
    return right | {"attribute": rules.attribute or rules.primary, "better": rules.better}


def _store_trap(
    source: Item, kind: str, texts: list[str], sides: list[Candidate], *, images: list[Any]
) -> Item:
    """Both show the pictures of the response that was spoiled, so that they differ by what was spoiled."""
    key = content_key("trap", source.key, kind, texts)
    trap = Item.objects.create(
        project=source.project,
        key=key,
        external_id=f"trap-{key[:24]}",
        group_key=source.group_key,
        prompt=source.prompt,
        images=source.images,
        meta={"spoiled": kind},
        purpose=ItemPurpose.TRAP,
        expertise=source.expertise,
        source=source,
    )
    Candidate.objects.bulk_create(
        Candidate(
            item=trap,
            position=position,
            text=text,
            text_hash=text_key(text),
            prompt=side.prompt,
            images=images,
            origin=Origin.IMPORTED,
            origin_key=content_key("trap", position),
        )
        for position, (text, side) in enumerate(zip(texts, sides, strict=True))
    )
    return trap
