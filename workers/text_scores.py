"""Scores that need no model: what can be read off the two texts and the prompt, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from annotate.models import Candidate, Item
from curation.enums import Scorer
from curation.selectors.scorers import TEXT_REVISION
from curation.services.scoring import NewScore
from workers.embedded import prompt_text

if TYPE_CHECKING:
    from curation.numerics.features import Features

Pair = tuple[Item, Candidate, Candidate]
Found = tuple[float | None, dict[str, Any], tuple[str, ...]]


@dataclass
class Texts:
    """Prompt and both responses of a pair; what several scores need is worked out once."""

    prompt: str
    first: str
    second: str
    languages: tuple[str | None, ...] = ()

    @cached_property
    def features(self) -> tuple[Features, Features]:
        from curation.numerics.features import features_of

        return features_of(self.first), features_of(self.second)

    @cached_property
    def words(self) -> tuple[list[str], list[str]]:
        from curation.numerics.features import words_of

        return words_of(self.first), words_of(self.second)

    @property
    def flags(self) -> tuple[str, ...]:
        return () if self.first.strip() and self.second.strip() else ("empty",)


def text_scores(
    pairs: list[Pair], parameters: dict[str, Any], kinds: tuple[Scorer, ...]
) -> tuple[str, dict[str, Any], Iterator[NewScore]]:
    """The asked kinds of every pair, pair by pair."""
    all_texts = [
        Texts(prompt_text(first.prompt or item.prompt), first.text, second.text)
        for item, first, second in pairs
    ]
    if Scorer.LANGUAGE in kinds:
        tell_languages(all_texts)

    def scores() -> Iterator[NewScore]:
        for (item, first, second), texts in zip(pairs, all_texts, strict=True):
            for kind in kinds:
                value, details, flags = MAKE[kind](texts)
                yield NewScore(item.pk, first.pk, second.pk, value, details, flags, kind)

    return TEXT_REVISION, {}, scores()


def tell_languages(all_texts: Sequence[Texts]) -> None:
    """Those of all texts together: one by one they would cost more than all other scores."""
    from curation.numerics.language import languages_of

    found = iter(languages_of([part for one in all_texts for part in (one.prompt, one.first, one.second)]))
    for texts in all_texts:
        texts.languages = (next(found), next(found), next(found))


def length(texts: Texts) -> Found:
    """How many words the second response has more than the first."""
    sides = texts.features
    details = {name: [getattr(side, name) for side in sides] for name in ("words", "characters", "tokens")}
    return float(sides[1].words - sides[0].words), details, texts.flags


def edit(texts: Texts) -> Found:
    from curation.numerics.similarity import edit_similarity

    return float(edit_similarity(texts.first, texts.second)), {}, texts.flags


def shared_words(texts: Texts) -> Found:
    from curation.numerics.features import rouge_1

    return rouge_1(*texts.words), {}, texts.flags


def shared_order(texts: Texts) -> Found:
    from curation.numerics.features import rouge_l

    return rouge_l(*texts.words), {}, texts.flags


def distinct(texts: Texts) -> Found:
    shares = [round(side.distinct_trigrams, 6) for side in texts.features]
    flags = ("repetitive",) if min(shares) < 0.6 else ()
    return min(shares), {"sides": shares}, (*texts.flags, *flags)


def markup(texts: Texts) -> Found:
    sides = texts.features
    names = ("lists", "code", "markdown")
    details = {name: [round(getattr(side, name), 6) for side in sides] for name in names}
    whole = [sum(getattr(side, name) for name in names) for side in sides]
    return round(whole[1] - whole[0], 6), details, texts.flags


def refusal(texts: Texts) -> Found:
    sides = [side.refuses for side in texts.features]
    return float(sum(sides)), {"sides": sides}, ("one_refuses",) if sum(sides) == 1 else ()


def language(texts: Texts) -> Found:
    asked, *sides = texts.languages
    details = {"prompt": asked, "sides": sides}
    if asked is None or None in sides:
        return None, details, ("too_short",)
    other = sum(side != asked for side in sides)
    return float(other), details, ("other_language",) if other else ()


def entities(texts: Texts) -> Found:
    from curation.numerics.features import names_in, overlap

    sides = names_in(texts.first), names_in(texts.second)
    return overlap(*sides), {"counts": [len(side) for side in sides]}, () if any(sides) else ("none",)


def numbers(texts: Texts) -> Found:
    from curation.numerics.features import numbers_in, overlap

    sides = numbers_in(texts.first), numbers_in(texts.second)
    return overlap(*sides), {"counts": [len(side) for side in sides]}, () if any(sides) else ("none",)


MAKE: dict[Scorer, Callable[[Texts], Found]] = {
    Scorer.LENGTH: length,
    Scorer.EDIT: edit,
    Scorer.ROUGE_1: shared_words,
    Scorer.ROUGE_L: shared_order,
    Scorer.DISTINCT: distinct,
    Scorer.MARKUP: markup,
    Scorer.REFUSAL: refusal,
    Scorer.LANGUAGE: language,
    Scorer.ENTITIES: entities,
    Scorer.NUMBERS: numbers,
}
