"""Labels that an evaluation compares. What a step learns from labels, it learns within each fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from annotate.enums import JudgmentState
from annotate.errors import NothingToDo
from annotate.models import Judgment, Project
from curation.enums import Pool, Scorer
from curation.models import Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.numerics.evaluation import Learnt
    from curation.numerics.fold_strength import FoldStrength
    from curation.numerics.recipes import Columns, State, Step
    from curation.numerics.reward_heads import Labels

# Texts to unit vectors, (n, d). Handed in by whoever may load a model.
Embed = Callable[[Sequence[str]], Any]


def labels_by(columns: Columns, steps: tuple[Step, ...], strength: FoldStrength | None) -> Labels | Learnt:
    """What these steps make of the labels; asked for anew in each fold where a step learns from them.

    Such a recipe is then followed over the rows that are learnt from, as if there were no others.
    """
    from curation.numerics.recipes import follow_steps

    whole = labels_of(follow_steps(columns, steps).state)
    if not any(learns(step) for step in steps):
        return whole

    def learnt(rows: NDArray[np.int64]) -> Labels:
        import numpy as np

        if len(rows) == columns.size:
            return (
                whole  # Nothing is left out to test on: these are the recipe's own rows, which are counted.
            )
        among = np.zeros(columns.size, dtype=bool)
        among[rows] = True
        known = columns if strength is None else columns.replacing(Scorer.STRENGTH.value, strength(rows))
        return labels_of(follow_steps(known, steps, among=among).state)

    return learnt


def learns(step: Step) -> bool:
    """Whether a step puts the labels of many pairs together to say which of them are to be believed."""
    return by_strength(step) or step.name == "min_alpha"


def by_strength(step: Step) -> bool:
    return any(step.values.get(name) == Scorer.STRENGTH for name in ("scorer", "score"))


def fold_strength(project: Project, columns: Columns, features: Any) -> FoldStrength | None:
    """Strength to be fitted anew in each fold, to the labels it goes by: people's, elsewhere models'.

    None where the project's strength comes from lists of reward models, which read none of these labels.
    Raises NothingToDo where four fifths of the labels are fewer than strength needs.
    """
    import numpy as np

    from curation.numerics.evaluation import FOLDS
    from curation.numerics.fold_strength import FoldStrength
    from curation.numerics.strength import MIN_PAIRS, MIN_UNITS

    latest = Score.objects.filter(item__project=project, scorer=Scorer.STRENGTH).order_by("pk").last()
    if latest is not None and latest.parameters.get("lists"):
        return None
    people, models = (np.asarray(columns[f"{who}_verdict"]) for who in ("people", "models"))
    signs = signs_of(np.where(people >= 0, people, models))
    prompts = columns.words("prompt_key")
    labelled = np.flatnonzero(signs)
    of_prompts = len({prompts[place] for place in labelled.tolist()})
    pairs, units = (-(-least * FOLDS // (FOLDS - 1)) for least in (MIN_PAIRS, MIN_UNITS))
    if len(labelled) < pairs or of_prompts < units:
        raise NothingToDo(
            f"Strength is fitted anew without each fifth of the labels, and needs {pairs} pairs of {units} "
            f"prompts for it; there are {len(labelled)} of {of_prompts}.",
            cure="Settle more pairs, or leave the steps by strength out.",
        )
    responses = list(zip(columns.words("first"), columns.words("second"), strict=True))
    return FoldStrength(features, signs, prompts, responses)


def judge_saw_tested(project: Project, pool: str, steps: Sequence[Step]) -> bool:
    """Whether labels learnt from may come from a judge made of people's labels, tested ones among them."""
    if pool == Pool.PEOPLE and not any(step.name == "people_and_models" for step in steps):
        return False
    return Judgment.objects.filter(
        assignment__item__project=project,
        assignment__judge__settings__backend="strength",
        state=JudgmentState.CURRENT,
    ).exists()


def people_say(columns: Columns) -> Any:
    """+1 where people prefer the second response as stored, −1 the first, 0 where they say neither."""
    return signs_of(columns["people_verdict"])


def signs_of(verdicts: Any) -> Any:
    import numpy as np

    return np.where(verdicts == 1, 1, np.where(verdicts == 0, -1, 0)).astype(np.int8)


def pair_features(columns: Columns, embed: Embed) -> Any:
    """Differences of the second response over the first, each distinct text embedded once."""
    import numpy as np

    from curation.numerics.differences import pair_differences

    texts = [[text or "" for text in columns.words(name)] for name in ("prompt", "first", "second")]
    distinct = list(dict.fromkeys(text for column in texts for text in column))
    place = {text: number for number, text in enumerate(distinct)}
    prompts, first, second = ([place[text] for text in column] for column in texts)
    words = [(len(two.split()), len(one.split())) for one, two in zip(texts[1], texts[2], strict=True)]
    vectors = np.asarray(embed(distinct), dtype=np.float32)
    return pair_differences(vectors, prompts=prompts, chosen=second, rejected=first, words=words)


def labels_of(state: State) -> Labels:
    """The rows that stand, with what the steps made of their labels."""
    import numpy as np

    from curation.numerics.reward_heads import Labels

    compared = state.standing & (state.chosen >= 0) & (state.chosen <= 1) & (state.rejected <= 1)
    signs = np.where(compared, np.where(state.chosen == 1, 1, -1), 0).astype(np.int8)
    return Labels(signs, np.where(np.isnan(state.soft), 1.0, state.soft), state.margin, state.weight)
