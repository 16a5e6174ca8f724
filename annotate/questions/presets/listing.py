"""Presets for several responses at once."""

from __future__ import annotations

from annotate.questions.presets.preset import Preset, explained, named, question

MM_RLHF = Preset(
    name="mm-rlhf",
    title="MM-RLHF",
    about="Scores, a ranking with ties and a critique of each response, in one pass.",
    source="Zhang et al., arXiv 2502.10391.",
    questions=(
        question(
            "scores",
            "rating",
            "Score each response.",
            low=1,
            high=5,
            attributes=explained(
                helpfulness=("Helpfulness", "Does what was asked."),
                faithfulness=("Faithfulness", "Keeps to what it was given."),
                ethics=("Ethics", "Harms nobody."),
            ),
        ),
        question("ranking", "ranking", "Put the responses in order."),
        question("critique", "text", "What is good and what is bad about it?", per_candidate=True, lines=3),
    ),
    consistency=({"compare": "ranking", "with": "scores", "effect": "warn"},),
    settling={"verdict": "ranking", "rules": {"ranking": "ranked_pairs", "scores": "mean"}},
)

OASST_RANKING = Preset(
    name="oasst-ranking",
    title="Open-Assistant ranking",
    about="Replies from best to worst, with ties, unless all of them are flawed; three people, merged by "
    "ranked pairs.",
    source="Köpf et al., arXiv 2304.07327.",
    questions=(
        question(
            "rankable",
            "choice",
            "Is any of the replies worth ranking?",
            options=named(yes="Yes", flawed="No, all are flawed"),
        ),
        question(
            "ranking",
            "ranking",
            "Put the replies in order.",
            when={"question": "rankable", "any_of": ["yes"]},
        ),
    ),
    settling={"verdict": "ranking"},
    overlap=3,
)

_YES_NO = named(no="No", yes="Yes")

OASST_LABELS = Preset(
    name="oasst-labels",
    title="Open-Assistant labels",
    about="Each reply by itself: spam, flags and qualities; three people.",
    source="Köpf et al., arXiv 2304.07327.",
    questions=(
        question("spam", "choice", "Is it spam?", options=_YES_NO, per_candidate=True),
        question(
            "problems",
            "choice",
            "What is wrong with it?",
            required=False,
            multiple=True,
            per_candidate=True,
            options=named(
                fails_task="Does not do what was asked",
                lang_mismatch="Wrong language",
                not_appropriate="Not fitting",
                pii="Names private people or data",
                hate_speech="Hate",
                sexual_content="Sexual",
            ),
            when={"question": "spam", "any_of": ["no"]},
        ),
        question(
            "qualities",
            "rating",
            "How is it?",
            low=1,
            high=5,
            na=True,
            labels={"1": "low", "5": "high"},
            attributes=named(
                quality="Quality",
                helpfulness="Helpfulness",
                creativity="Creativity",
                humor="Humour",
                toxicity="Rudeness",
                violence="Violence",
            ),
            when={"question": "spam", "any_of": ["no"]},
        ),
    ),
    settling={"verdict": "qualities", "attribute": "quality", "rules": {"qualities": "mean"}},
    overlap=3,
)
