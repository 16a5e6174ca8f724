from __future__ import annotations

from collections.abc import Mapping

from curation.models import Embedding


def store_vectors(*, revision: str, width: int, vectors: Mapping[str, bytes]) -> None:
    """Keep vectors (float16 bytes) under their texts' hashes; what is there already stays as it is."""
    rows = [
        Embedding(text_hash=text_hash, revision=revision, width=width, vector=vector)
        for text_hash, vector in sorted(vectors.items())
    ]
    Embedding.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
