from __future__ import annotations

from collections.abc import Iterable, Iterator

from curation.models import Embedding

ASK = 500


def stored_vectors(*, revision: str, hashes: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Hash and float16 bytes of those texts that this revision has embedded."""
    wanted = list(dict.fromkeys(hashes))
    for start in range(0, len(wanted), ASK):
        found = Embedding.objects.filter(revision=revision, text_hash__in=wanted[start : start + ASK])
        for text_hash, vector in found.values_list("text_hash", "vector"):
            yield text_hash, bytes(vector)
