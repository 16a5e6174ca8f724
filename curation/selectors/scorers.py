"""What scorers there are: for each the columns it writes, where it runs, and what its numbers say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotate.enums import JobQueue
from annotate.errors import InvalidSetting
from curation.enums import Scorer

# Bumped when a formula changes; the old rows stay beside the new.
TEXT_REVISION = "text-2"


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """``columns``: what ``scored_rows`` gives for it. ``low`` and ``high``: what a low and a high value say.
    ``companions``: the scorers whose numbers come from the same pass. ``chunk``: pairs in about a minute, 0
    where the project is scored as a whole. ``needs_model``: a model must be named. ``given``: the numbers
    come from outside, in a table."""

    key: Scorer
    words: str
    low: str
    high: str
    columns: tuple[str, ...]
    queue: JobQueue = JobQueue.CPU
    chunk: int = 500
    companions: tuple[Scorer, ...] = ()
    needs_model: bool = False
    given: bool = False
    revision: str | None = None

    @property
    def label(self) -> str:
        return self.key.label


TEXT = (
    Scorer.LENGTH, Scorer.EDIT, Scorer.ROUGE_1, Scorer.ROUGE_L, Scorer.DISTINCT, Scorer.MARKUP,
    Scorer.REFUSAL, Scorer.LANGUAGE, Scorer.ENTITIES, Scorer.NUMBERS,
)  # fmt: skip
VECTORS = (Scorer.EMBEDDING, Scorer.RELEVANCE)


def _text(key: Scorer, words: str, low: str, high: str) -> ScorerSpec:
    return ScorerSpec(key, words, low, high, (key.value,), chunk=400, companions=TEXT, revision=TEXT_REVISION)


# Scorer, what it is, what a low number says, what a high one.
TEXT_ROWS = (
    (
        Scorer.LENGTH,
        "Words of the second response minus words of the first.",
        "first longer",
        "second longer",
    ),
    (Scorer.EDIT, "Edit similarity by characters.", "nothing in common", "equal"),
    (Scorer.ROUGE_1, "F1 of shared words.", "no word shared", "the same words"),
    (Scorer.ROUGE_L, "F1 of the longest common run of words.", "nothing in order", "equal"),
    (Scorer.DISTINCT, "Distinct trigrams, of the side that repeats more.", "repetitive", "never repeats"),
    (Scorer.MARKUP, "Share of lines with markup: second minus first.", "first has more", "second has more"),
    (Scorer.REFUSAL, "How many of the two sides open like a refusal.", "neither", "both"),
    (Scorer.LANGUAGE, "Responses in another language than the prompt.", "none", "both"),
    (Scorer.ENTITIES, "Capitalised names that both sides share.", "none shared", "all shared"),
    (Scorer.NUMBERS, "Numbers that both sides share.", "none shared", "all shared"),
)

SPECS = {
    spec.key: spec
    for spec in (
        ScorerSpec(
            Scorer.CHES,
            "LN-CHES with the first candidate chosen: how alike both sides look to the model to be trained.",
            "safe to train on",
            "training may lower the chosen response",
            ("ches", "ln_ches", "n_chosen", "n_rejected", "last_inner", "token_edit", "flags"),
            queue=JobQueue.GPU,
            chunk=16,
        ),
        ScorerSpec(
            Scorer.LOGPROB,
            "What the reference model thinks: log-probability of the second response minus the first.",
            "the first is likelier",
            "the second is likelier",
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
            "A reward model's logit that the first response is the better one.",
            "the second is better",
            "the first is better",
            ("reward",),
            queue=JobQueue.GPU,
            chunk=16,
            needs_model=True,
        ),
        ScorerSpec(
            Scorer.UPLOADED,
            "A score from outside: first response minus second, of the list that came last.",
            "the second is better",
            "the first is better",
            ("uploaded",),
            chunk=0,
            given=True,
        ),
        ScorerSpec(
            Scorer.STRENGTH,
            "How far an ensemble that never saw the pair, or the lists of reward models, believe its label.",
            "the label may be wrong",
            "the label is credible",
            ("strength", "strength_spread", "strength_margin", "strength_bin", "flip_proposed"),
            chunk=0,
        ),
        ScorerSpec(
            Scorer.EMBEDDING,
            "Cosine of the two responses' sentence vectors.",
            "about different things",
            "about the same",
            ("embedding",),
            chunk=64,
            companions=VECTORS,
        ),
        ScorerSpec(
            Scorer.RELEVANCE,
            "Cosine of prompt and response, of the side that has less.",
            "one side is off the topic",
            "both are about the prompt",
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
