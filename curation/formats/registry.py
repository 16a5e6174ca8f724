"""Every format by name."""

from __future__ import annotations

from functools import partial

from curation.formats import judged, lists, singles, snippets
from curation.formats.options import (
    BOTH_BAD,
    BOTH_GOOD,
    BOTH_ORDERS,
    CONVERSATIONAL,
    DROP,
    STANDARD,
    Format,
    FormatError,
)
from curation.formats.pairs import PairMaker, TableMaker

PAIR_POLICIES = {
    "ties": (DROP, BOTH_ORDERS), "neither": (DROP, BOTH_ORDERS), "undecided": (DROP, BOTH_ORDERS),
}  # fmt: skip
THUMB_POLICIES = {
    "ties": (DROP, BOTH_GOOD), "neither": (BOTH_BAD, DROP), "undecided": (DROP,),
}  # fmt: skip

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format(
            "preference", "Preference, explicit prompt",
            "One row per pair: prompt, chosen, rejected, with margin, soft label and weight.",
            "TRL's DPOTrainer; RewardTrainer reads it too, with its margins. CPO and ORPO as well.",
            snippets.DPO, PairMaker, tags=("dpo", "reward-modeling"), policies=PAIR_POLICIES,
            numbers={"k": 0.5},
        ),
        Format(
            "preference-implicit", "Preference, implicit prompt",
            "One row per pair; both sides begin with the prompt.",
            "TRL's RewardTrainer and DPOTrainer; the prompt is what both sides share.",
            snippets.DPO, partial(PairMaker, implicit=True), tags=("dpo", "reward-modeling"),
            policies=PAIR_POLICIES, numbers={"k": 0.5},
        ),
        Format(
            "reward", "Reward model, with margins",
            "Implicit prompts and a margin on 0 to 1, which RewardTrainer adds to its loss.",
            "TRL's RewardTrainer. To train without margins, remove that column.",
            snippets.REWARD, partial(PairMaker, implicit=True), tags=("reward-modeling",),
            policies=PAIR_POLICIES, numbers={"k": 0.5},
        ),
        Format(
            "orpo", "Preference for ORPO", "The explicit preference rows, for training without a reference.",
            "TRL's ORPOTrainer, in trl.experimental.orpo.", snippets.ORPO, PairMaker, tags=("orpo",),
            policies=PAIR_POLICIES, numbers={"k": 0.5},
        ),
        Format(
            "cpo", "Preference for CPO", "The explicit preference rows, for contrastive training.",
            "TRL's CPOTrainer, in trl.experimental.cpo; SimPO is a loss of it.", snippets.CPO, PairMaker,
            tags=("cpo",), policies=PAIR_POLICIES, numbers={"k": 0.5},
        ),
        Format(
            "unpaired", "Thumbs up and down",
            "A row per response with label true or false; the manifest suggests the weights.",
            "TRL's KTOTrainer.", snippets.KTO, singles.unpaired, tags=("kto",), policies=THUMB_POLICIES,
            numbers={"threshold": 5.0}, words={"by": "verdict"},
        ),
        Format(
            "prompt-completion", "Prompt and completion", "The chosen response of each pair.",
            "TRL's SFTTrainer.", snippets.SFT, singles.prompt_completion, tags=("sft",),
        ),
        Format(
            "prompt-only", "Prompts alone", "For training that generates its own responses.",
            "TRL's GRPO, RLOO and online trainers.", snippets.PROMPTS, singles.prompt_only,
        ),
        Format(
            "best-of-n", "Best of n (RAFT)", "Of each prompt's responses the best by score.",
            "TRL's SFTTrainer.", snippets.SFT, singles.best, tags=("sft", "raft"),
            numbers={"min_score": 0.0}, words={"by": "auto"},
        ),
        Format(
            "reward-augmented", "Reward-augmented relabelling",
            "Two rows per scored pair, each asking in a system message for the score of the side it chooses.",
            "TRL's DPOTrainer. At inference ask for 10.", snippets.DPO, singles.reward_augmented,
            tags=("dpo",), words={"by": "auto"},
        ),
        Format(
            "stepwise", "Stepwise supervision", "Responses as steps with a label each, from marked spans.",
            "Process reward models; TRL 1.16 defines the format and ships no trainer for it.",
            snippets.STEPWISE, singles.stepwise, shapes=(STANDARD,), words={"rule": "first_error"},
        ),
        Format(
            "listwise", "Listwise with lambda weights (LiPO)",
            "All responses of a prompt with ψ, gain, rank and the Δ of each pair by label rank.",
            "A LiPO-λ loss of your own; recompute Δ with your model's ranks as you train.",
            snippets.LISTWISE, lists.listwise, words={"by": "auto"},
        ),
        Format(
            "listwise-pairs", "Lists as weighted pairs",
            "Every two responses that differ, with their Δ as weight.",
            "TRL's DPOTrainer; the weight needs a weighted loss.", snippets.DPO, lists.exploded,
            tags=("dpo",), words={"by": "auto"},
        ),
        Format(
            "pro", "Preference ranking (PRO)", "Responses best first with rewards and inverse temperatures.",
            "A PRO loss of your own.", snippets.PRO, lists.pro, words={"by": "auto"},
        ),
        Format(
            "attributes", "Rated attributes (HelpSteer2)", "A row per response with its mean ratings.",
            "Attribute regression, as for HelpSteer2.", snippets.ATTRIBUTES, lists.attributes,
            tags=("reward-modeling",),
            words={"attributes": "helpfulness,correctness,coherence,complexity,verbosity"},
        ),
        Format(
            "multipref", "MultiPref", "A row per comparison with all annotations in MultiPref's words.",
            "Studies of disagreement; majority of experts or of all.", snippets.MULTIPREF, judged.multipref,
            shapes=(STANDARD,),
        ),
        Format(
            "judgments", "Raw judgments", "A row per judgment: judge by number, order shown, every answer.",
            "Crowd-Kit and other models of annotators.", snippets.JUDGMENTS, judged.raw_judgments,
            shapes=(STANDARD,),
        ),
        Format(
            "per-judge", "Preferences of each judge", "A preference per judge who chose a side.",
            "TRL's DPOTrainer, on the rows of one judge or group.", snippets.DPO, judged.per_judge,
            tags=("dpo",),
        ),
        Format(
            "win-rates", "Win rates (SPPO)", "Responses with the share of comparisons each wins.",
            "SPPO, or any soft target.", snippets.WIN_RATES, lists.win_rates,
        ),
        Format(
            "spans", "Marked spans", "Preferences with the spans marked on either side, by code point.",
            "Token-level losses such as SparsePO; any tokenizer turns offsets into masks.",
            snippets.SPANS, judged.span_masks,
        ),
        Format(
            "table", "Preference pairs as a table (CSV)",
            "The explicit preference rows as plain texts, as CSV besides: safe to open in a spreadsheet.",
            "Spreadsheets; any trainer of preferences.", snippets.TABLE, TableMaker, tags=("dpo",),
            shapes=(STANDARD,), policies=PAIR_POLICIES, numbers={"k": 0.5}, csv=True,
        ),
        Format(
            "items", "Whole items", "Our own import shape: every candidate and every judgment.",
            "Importing into Winnow again, without loss.", snippets.ITEMS, judged.whole_items,
            shapes=(CONVERSATIONAL,), parquet=False,
        ),
    )
}  # fmt: skip


def format_named(name: str) -> Format:
    """Raises FormatError for a name there is none of."""
    if name not in FORMATS:
        raise FormatError(
            f"There is no format {name!r}.", field="format", cure=f"Choose one of {', '.join(FORMATS)}."
        )
    return FORMATS[name]
