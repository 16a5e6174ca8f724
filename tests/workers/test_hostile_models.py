"""Whoever loads a model refuses a hostile folder, and the job says why (promise P19).

The folder is spoilt after the work was asked for, so that it is the worker that has to see it.
"""

from __future__ import annotations

import json
import pickle

import pytest

from curation.services.generating import ask_for_candidates
from curation.services.judging import ask_judge, save_judge
from curation.services.routing import make_policy, route_items
from curation.services.scoring import score_items
from tests.factories import make_item
from tests.workers.runtime.conftest import save_tiny_model
from tests.workers.runtime.test_pair_model import save_pair_model
from tests.workers.runtime.test_reward import save_reward_model
from workers.running import work_off

pytestmark = pytest.mark.django_db


def scoring(scorer, **more):
    def ask(project):
        make_item(project)
        return score_items(project=project, scorer=scorer, parameters={"model": "model", **more})

    return ask


def generating(project):
    make_item(project, texts=())
    return ask_for_candidates(
        project=project, k=2, temperature=1.0, top_p=1.0, max_new_tokens=4, model="model"
    )


def judging(backend):
    def ask(project):
        make_item(project)
        route_items(policy=make_policy(project=project, kind="everyone"))
        judge = save_judge(project=project, name="Judge", given={"backend": backend, "model": "model"})
        return ask_judge(judge=judge)

    return ask


ASKED = {
    "CHES": (save_tiny_model, scoring("ches")),
    "log-probabilities": (save_tiny_model, scoring("logprob")),
    "rewards": (save_reward_model, scoring("reward", form="single")),
    "pairs": (save_reward_model, scoring("reward", form="pair")),
    "PairRM": (save_pair_model, scoring("reward", form="pair")),
    "generation": (save_tiny_model, generating),
    "a local judge": (save_tiny_model, judging("local")),
    "a reward judge": (save_reward_model, judging("reward")),
}


class Canary:
    """Writes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def pickled_weights(folder, canary):
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(canary)))


def code_beside_the_weights(folder, canary):
    (folder / "modeling_model.py").write_text(f"open({str(canary)!r}, 'w')")


def code_named_in_the_config(folder, canary):
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "somebody/model--modeling.Model"}
    (folder / "config.json").write_text(json.dumps(config))


def weights_that_are_no_safetensors(folder, canary):
    (folder / "model.safetensors").write_bytes(pickle.dumps(Canary(canary)))


PLOTS = {
    pickled_weights: "may hold pickled code",
    code_beside_the_weights: "is code",
    code_named_in_the_config: "asks for code",
    weights_that_are_no_safetensors: "is no safetensors file",
}


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
@pytest.mark.parametrize("kind", ASKED)
def test_a_folder_spoilt_after_the_asking_is_refused_by_the_worker(project, settings, tmp_path, kind, plot):
    settings.WINNOW_MODELS = tmp_path / "models"
    save, ask = ASKED[kind]
    folder, canary = save(tmp_path / "models" / "model"), tmp_path / "HOSTILE_CANARY"
    job = ask(project)
    plot(folder, canary)

    work_off()

    job.refresh_from_db()
    assert (job.state, PLOTS[plot] in job.error) == ("failed", True), job.error
    assert not canary.exists()
