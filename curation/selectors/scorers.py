"""What scorers there are: for each the columns it writes, where it runs, and what its numbers say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from annotate.enums import JobQueue
from annotate.errors import InvalidSetting
from curation.enums import Scorer

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

# Bumped when a formula changes; the old rows stay beside the new.
TEXT_REVISION = "text-2"


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """``columns``: what ``scored_rows`` gives for it. ``low`` and ``high``: what a low and a high value say.
    ``companions``: the scorers whose numbers come from the same pass. ``chunk``: pairs in about a minute, 0
    where the project is scored as a whole. ``needs_model``: a model must be named. ``given``: the numbers
    come from outside, in a table."""

    key: Scorer
    words: _StrOrPromise
    low: _StrOrPromise
    high: _StrOrPromise
    columns: tuple[str, ...]
    queue: JobQueue = JobQueue.CPU
    chunk: int = 500
    companions: tuple[Scorer, ...] = ()
    needs_model: bool = False
    given: bool = False
    revision: str | None = None

    @property
    def label(self) -> str:
        return str(self.key.label)


TEXT = (
    Scorer.LENGTH, Scorer.EDIT, Scorer.ROUGE_1, Scorer.ROUGE_L, Scorer.DISTINCT, Scorer.MARKUP,
    Scorer.REFUSAL, Scorer.LANGUAGE, Scorer.ENTITIES, Scorer.NUMBERS,
)  # fmt: skip
VECTORS = (Scorer.EMBEDDING, Scorer.RELEVANCE)


def _text(key: Scorer, words: _StrOrPromise, low: _StrOrPromise, high: _StrOrPromise) -> ScorerSpec:
    return ScorerSpec(key, words, low, high, (key.value,), chunk=400, companions=TEXT, revision=TEXT_REVISION)


# Scorer, what it is, what a low number says, what a high one.
TEXT_ROWS = (
    (
        Scorer.LENGTH,
        _("Words of the second response minus words of the first."),
        _("first longer"),
        _("second longer"),
    ),
    (Scorer.EDIT, _("Edit similarity by characters."), _("nothing in common"), _("equal")),
    (Scorer.ROUGE_1, _("F1 of shared words."), _("no word shared"), _("the same words")),
    (Scorer.ROUGE_L, _("F1 of the longest common run of words."), _("nothing in order"), _("equal")),
    (
        Scorer.DISTINCT,
        _("Distinct trigrams, of the side that repeats more."),
        _("repetitive"),
        _("never repeats"),
    ),
    (
        Scorer.MARKUP,
        _("Share of lines with markup: second minus first."),
        _("first has more"),
        _("second has more"),
    ),
    (Scorer.REFUSAL, _("How many of the two sides open like a refusal."), _("neither"), _("both")),
    (Scorer.LANGUAGE, _("Responses in another language than the prompt."), _("none"), _("both")),
    (Scorer.ENTITIES, _("Capitalised names that both sides share."), _("none shared"), _("all shared")),
    (Scorer.NUMBERS, _("Numbers that both sides share."), _("none shared"), _("all shared")),
)

SPECS = {
    spec.key: spec
    for spec in (
        ScorerSpec(
            Scorer.CHES,
            _(
                "LN-CHES with the first candidate chosen: how alike both sides look to the model to be"
                " trained."
            ),
            _("safe to train on"),
            _("training may lower the chosen response"),
            ("ches", "ln_ches", "n_chosen", "n_rejected", "last_inner", "token_edit", "flags"),
            queue=JobQueue.GPU,
            chunk=16,
        ),
        ScorerSpec(
            Scorer.LOGPROB,
            _("What the reference model thinks: log-probability of the second response minus the first."),
            _("the first is likelier"),
            _("the second is likelier"),
            (
                "logp_chosen",
                "logp_rejected",
                "ref_logratio",
                "needed_dpo_loss",
                "on_policy_weight",
                "difficulty",
            ),
            queue=JobQueue.GPU,
            chunk=16,
            companions=(Scorer.LOGPROB, Scorer.CHES),
        ),
        ScorerSpec(
            Scorer.REWARD,
            _("A reward model's logit that the first response is the better one."),
            _("the second is better"),
            _("the first is better"),
            ("reward",),
            queue=JobQueue.GPU,
            chunk=16,
            needs_model=True,
        ),
        ScorerSpec(
            Scorer.UPLOADED,
            _("A score from outside: first response minus second, of the list that came last."),
            _("the second is better"),
            _("the first is better"),
            ("uploaded",),
            chunk=0,
            given=True,
        ),
        ScorerSpec(
            Scorer.STRENGTH,
            _(
                "How far an ensemble that never saw the pair, or the lists of reward models, believe its"
                " label."
            ),
            _("the label may be wrong"),
            _("the label is credible"),
            ("strength", "strength_spread", "strength_margin", "strength_bin", "flip_proposed"),
            chunk=0,
        ),
        ScorerSpec(
            Scorer.EMBEDDING,
            _("Cosine of the two responses' sentence vectors."),
            _("about different things"),
            _("about the same"),
            ("embedding",),
            chunk=64,
            companions=VECTORS,
        ),
        ScorerSpec(
            Scorer.RELEVANCE,
            _("Cosine of prompt and response, of the side that has less."),
            _("one side is off the topic"),
            _("both are about the prompt"),
            ("relevance",),
            chunk=64,
            companions=VECTORS,
        ),
        *(_text(*row) for row in TEXT_ROWS),
    )
}

# Groups that may be asked for by one name.
GROUPS = {"features": TEXT[0]}

# How to name the revision that would run now, filled by whoever runs models; None where that is not known.
REVISIONS: dict[Scorer, Callable[[dict[str, Any]], str | None]] = {}


def spec_of(name: str) -> ScorerSpec:
    """The scorer called ``name``. Raises InvalidSetting."""
    if name in GROUPS:
        return SPECS[GROUPS[name]]
    if name not in Scorer.values:
        raise InvalidSetting(
            "There is no such scorer.", field="scorer", cure=f"Choose one of {', '.join(scorer_names())}."
        )
    return SPECS[Scorer(name)]


def scorer_names() -> list[str]:
    return [*Scorer.values, *GROUPS]


def pass_of(name: str) -> tuple[Scorer, ...]:
    """What a pass that was asked for by this name writes: a group all of it, a scorer itself."""
    return SPECS[GROUPS[name]].companions if name in GROUPS else (Scorer(name),)


def current_revision(scorer: Scorer, parameters: dict[str, Any]) -> str | None:
    """The revision that would score now, or None where only running it would tell."""
    spec = SPECS[scorer]
    return spec.revision or (REVISIONS[scorer](parameters) if scorer in REVISIONS else None)
