"""Every step that a recipe may have, by name."""

from __future__ import annotations

from curation.numerics.recipes import binarise, labels, sampling, scores, texts
from curation.numerics.recipes.engine import StepKind

STEPS: dict[str, StepKind] = {
    kind.name: kind for kind in (binarise.KIND, *labels.KINDS, *scores.KINDS, *texts.KINDS, *sampling.KINDS)
}
