"""Python that opens an exported folder and does with it what it is for; the tests run each of them.

A snippet reads ``folder``, ``model`` and ``settings``, which its reader sets: the path, a model with its
tokenizer, and keyword arguments for the trainer's configuration.
"""

from __future__ import annotations

LOAD = """\
from datasets import load_dataset

train = load_dataset(folder, split="train")
"""


def _trainer(name: str, config: str, module: str = "trl", *, more: str = "") -> str:
    return f"""\
from datasets import load_dataset
from {module} import {config}, {name}

train = load_dataset(folder, split="train")
{more}trainer = {name}(
    model=model,
    args={config}(output_dir="out", **settings),
    train_dataset=train,
    processing_class=tokenizer,
)
trainer.train()
"""


DPO = _trainer("DPOTrainer", "DPOConfig")
REWARD = _trainer("RewardTrainer", "RewardConfig")
SFT = _trainer("SFTTrainer", "SFTConfig")
CPO = _trainer("CPOTrainer", "CPOConfig", "trl.experimental.cpo")
ORPO = _trainer("ORPOTrainer", "ORPOConfig", "trl.experimental.orpo")
KTO = """\
import json
from pathlib import Path

from datasets import load_dataset
from trl import KTOConfig, KTOTrainer

train = load_dataset(folder, split="train")
weights = json.loads((Path(folder) / "manifest.json").read_text())["export"]["kto_weights"]
trainer = KTOTrainer(
    model=model,
    args=KTOConfig(
        output_dir="out",
        desirable_weight=weights["desirable_weight"],
        undesirable_weight=weights["undesirable_weight"],
        **settings,
    ),
    train_dataset=train,
    processing_class=tokenizer,
)
trainer.train()
"""
PROMPTS = LOAD + 'prompts = train["prompt"]\n'
STEPWISE = (
    LOAD
    + """\
wrong = [row["labels"].index(False) for row in train if False in row["labels"]]
"""
)
LISTWISE = (
    LOAD
    + """\
import math

# The weighted loss of LiPO on one list, with scores of your model in place of zeros.
row = train[0]
scores = [0.0] * len(row["responses"])
loss = sum(
    pair["delta"] * math.log1p(math.exp(scores[pair["loser"]] - scores[pair["winner"]]))
    for pair in row["lambda"]
)
"""
)
PRO = (
    LOAD
    + """\
import math

# The ranking loss of PRO on one list, with mean log-probabilities of your model in place of zeros.
row = train[0]
scores, heat = [0.0] * len(row["rewards"]), row["inverse_temperatures"]
loss = 0.0
for k in range(len(scores) - 1):
    terms = [math.exp(scores[i] * heat[k][i]) for i in range(k, len(scores))]
    loss -= math.log(terms[0] / sum(terms))
"""
)
ATTRIBUTES = (
    LOAD
    + """\
rated = [row for row in train if row["ratings"]]
"""
)
MULTIPREF = (
    LOAD
    + """\
votes = [one["overall_pref"] for row in train for one in row["annotations"]]
"""
)
JUDGMENTS = (
    LOAD
    + """\
from collections import Counter

judged = Counter(train["judge"])
"""
)
WIN_RATES = (
    LOAD
    + """\
best = [max(zip(row["win_rate"], range(len(row["responses"]))))[1] for row in train]
"""
)
SPANS = (
    LOAD
    + """\
# With the offsets of a fast tokenizer (return_offsets_mapping=True) in place of words.
row = train[0]
text = row["rejected"] if isinstance(row["rejected"], str) else row["rejected"][0]["content"]
offsets = [(place, place + 1) for place in range(len(text))]
mask = [any(s["start"] < b and a < s["end"] for s in row["rejected_spans"]) for a, b in offsets]
"""
)
TABLE = (
    LOAD
    + """\
import csv
from pathlib import Path

with (Path(folder) / "csv" / "train.csv").open(encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
# A cell that a spreadsheet might compute has an apostrophe in front.
chosen = [row["chosen"].removeprefix("'") for row in rows]
"""
)
ITEMS = """\
import json
from pathlib import Path

lines = (Path(folder) / "jsonl" / "train.jsonl").read_bytes().splitlines()
items = [json.loads(line) for line in lines]
"""
