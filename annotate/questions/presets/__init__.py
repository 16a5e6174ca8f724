"""Ready-made lists of questions, each with the rule by which its answers become one.

They follow published campaigns in what is asked, on which scale and how it is settled; the wording is ours.
"""

from __future__ import annotations

from annotate.questions.presets.comparing import HELPSTEER2_PREFERENCE, MULTIPREF, PLAIN, STRENGTH
from annotate.questions.presets.listing import MM_RLHF, OASST_LABELS, OASST_RANKING
from annotate.questions.presets.preset import Preset
from annotate.questions.presets.rating import HELPSTEER2, KTO, SAFE_RLHF, ULTRAFEEDBACK

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        STRENGTH,
        PLAIN,
        HELPSTEER2_PREFERENCE,
        HELPSTEER2,
        MULTIPREF,
        MM_RLHF,
        OASST_RANKING,
        OASST_LABELS,
        SAFE_RLHF,
        ULTRAFEEDBACK,
        KTO,
    )
}

__all__ = ["PRESETS", "STRENGTH", "Preset"]
