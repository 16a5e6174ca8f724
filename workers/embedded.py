"""Sentence vectors through the cache: every distinct text goes through the model once, in any project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annotate.keys import text_key
from curation.selectors.embeddings import stored_vectors
from curation.services.embedding import store_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many new texts are embedded and kept before the next: a kill costs these.
SLICE = 256


def embed_cached(texts: Sequence[str], *, alive: Callable[[int], object] = lambda done: None) -> NDArray[Any]:
    """Unit vectors, float32 (len(texts), width), through the cache; see ``vectors_of``."""
    keys = [text_key(text) for text in texts]
    vectors, places = vectors_of(dict(zip(keys, texts, strict=True)), alive=alive)
    return vectors[[places[key] for key in keys]]


def vectors_of(
    texts: Mapping[str, str], *, alive: Callable[[int], object] = lambda done: None
) -> tuple[NDArray[Any], dict[str, int]]:
    """Vectors of the texts, given by their hashes, as a float32 matrix and each hash's row in it.

    What the cache does not know is embedded and kept, a slice at a time; ``alive`` is told how many are done.
    All vectors are rounded to half precision on the way, so that a cached one is no different from a new one.
    """
    import numpy as np

    from workers.runtime.embedding import WIDTH, embed
    from workers.runtime.packaged import minilm

    revision = minilm().revision
    places = {key: place for place, key in enumerate(texts)}
    vectors = np.zeros((len(places), WIDTH), dtype=np.float32)
    missing = dict(texts)
    for key, stored in stored_vectors(revision=revision, hashes=texts):
        vectors[places[key]] = np.frombuffer(stored, dtype="<f2")
        missing.pop(key, None)
    # By length, so that a slice fills whole batches of like texts.
    left = sorted(missing, key=lambda key: len(missing[key]))
    for start in range(0, len(left), SLICE):
        keys = left[start : start + SLICE]
        made = embed([missing[key] for key in keys]).astype("<f2")
        store_vectors(
            revision=revision,
            width=WIDTH,
            vectors={k: one.tobytes() for k, one in zip(keys, made, strict=True)},
        )
        vectors[[places[key] for key in keys]] = made
        alive(len(places) - len(left) + start + len(keys))
    return vectors, places


def prompt_text(prompt: Sequence[Mapping[str, str]]) -> str:
    """What a response answers: the last turn."""
    return prompt[-1]["content"] if prompt else ""
