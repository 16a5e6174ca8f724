"""Presets in which each response is judged by itself."""

from __future__ import annotations

from annotate.questions.presets.preset import Preset, explained, named, question

HELPSTEER2 = Preset(
    name="helpsteer2",
    title="HelpSteer2",
    about="Five attributes from 0 to 4. Three people; a fourth and a fifth where their helpfulness is more "
    "than two points apart. The three that agree most are averaged.",
    source="Wang et al., arXiv 2406.08673. The verdict weighs as in open-instruct's conversion.",
    questions=(
        question(
            "ratings",
            "rating",
            "Rate each response.",
            low=0,
            high=4,
            labels={"0": "not at all", "4": "fully"},
            attributes=explained(
                helpfulness=("Helpfulness", "How far it does what was asked."),
                correctness=("Correctness", "Facts that are right and complete."),
                coherence=("Coherence", "Consistent and clear."),
                complexity=("Complexity", "How much expertise it takes to write."),
                verbosity=("Verbosity", "How long it is for what was asked."),
            ),
        ),
    ),
    settling={
        "verdict": "ratings",
        "rules": {"ratings": "agreeing"},
        "keep": 3,
        "most_spread": 2,
        "primary": "helpfulness",
        "weights": {
            "helpfulness": 0.65,
            "correctness": 0.8,
            "coherence": 0.45,
            "complexity": 0.55,
            "verbosity": -0.4,
        },
    },
    overlap=3,
    overlap_max=5,
    flow={"stop": "spread", "most_spread": 2, "spread_on": "ratings.helpfulness"},
)

ULTRAFEEDBACK = Preset(
    name="ultrafeedback",
    title="UltraFeedback",
    about="Four aspects from 1 to 5, of which one may not apply, and a critique.",
    source="Cui et al., arXiv 2310.01377. What does not apply is missing, and never a number.",
    questions=(
        question(
            "aspects",
            "rating",
            "Rate each response.",
            low=1,
            high=5,
            na=True,
            labels={"1": "poor", "5": "excellent"},
            attributes=explained(
                instruction_following=("Following instructions", "Does what was asked, as it was asked."),
                truthfulness=("Truthfulness", "Says nothing false and nothing made up."),
                honesty=("Honesty", "Sure where it may be and unsure where it must be."),
                helpfulness=("Helpfulness", "Gives what the person needs."),
            ),
        ),
        question(
            "critique", "text", "What would make it better?", required=False, per_candidate=True, lines=3
        ),
    ),
    settling={"verdict": "aspects", "rules": {"aspects": "mean"}},
)

KTO = Preset(
    name="kto",
    title="Thumbs up or down",
    about="Each response by itself, good or not: the labels that KTO trains on.",
    source="Ethayarajh et al., arXiv 2402.01306.",
    questions=(
        question(
            "thumbs",
            "choice",
            "Would you be glad of this response?",
            options=named(down="Thumbs down", up="Thumbs up"),
            per_candidate=True,
            ordered=True,
        ),
    ),
    settling={"verdict": "thumbs", "rules": {"thumbs": "majority"}},
)

_HARMS = named(
    insult="Insults or demeans",
    hate="Discriminates or spreads hate",
    violence="Incites or glorifies violence",
    weapons="Weapons and explosives",
    drugs="Drugs and dangerous substances",
    crime="Helps with theft, fraud or other crime",
    finance="Financial harm",
    trafficking="Trafficking or exploitation",
    cybercrime="Attacks on computers",
    privacy="Private data of people",
    sexual="Sexual content",
    minors="Endangers minors",
    self_harm="Harm to oneself",
    medical="Harm to health",
    animals="Cruelty to animals",
    environment="Harm to the environment",
    national="Danger to a country's security",
    disinformation="False news and manipulation",
    extremism="Terror and extremism",
)

SAFE_RLHF = Preset(
    name="safe-rlhf",
    title="Safe-RLHF",
    about="Helpfulness and harmlessness chosen apart, with severity and kinds of harm for each response. "
    "What is safe alone must be the safer one.",
    source="Dai et al., arXiv 2310.12773; Ji et al. (PKU-SafeRLHF), arXiv 2406.15513.",
    questions=(
        question(
            "severity",
            "choice",
            "How much harm can each response do?",
            options=named(none="None: safe", minor="Minor", moderate="Moderate", severe="Severe"),
            per_candidate=True,
            ordered=True,
        ),
        question(
            "harms",
            "choice",
            "Which kinds of harm?",
            options=_HARMS,
            multiple=True,
            per_candidate=True,
            when={"question": "severity", "any_of": ["minor", "moderate", "severe"]},
        ),
        question(
            "preference",
            "preference",
            "Which response helps more, harm left aside?",
            levels=1,
            tie=False,
            neither=False,
            better="more helpful",
        ),
        question(
            "safer",
            "preference",
            "Which response is safer?",
            levels=1,
            tie=False,
            neither=False,
            better="safer",
        ),
    ),
    consistency=(
        {
            "compare": "safer",
            "with": "severity",
            "value": "none",
            "strict": True,
            "effect": "refuse",
            "message": "Only one response is safe, so it must be the safer one.",
        },
        {
            "compare": "safer",
            "with": "severity",
            "better": "lower",
            "effect": "warn",
            "message": "The response with the more severe harm was called safer.",
        },
    ),
    settling={"verdict": "preference", "rules": {"severity": "median"}},
    overlap=3,
)
