from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import file may cost. Bytes are counted after decompression."""

    max_line_bytes: int = 4 << 20
    max_record_bytes: int = 16 << 20  # one CSV record, which may span many lines
    max_field_chars: int = 1_000_000
    max_id_chars: int = 512
    max_name_chars: int = 200  # names of models and judges
    max_version_chars: int = 120
    max_depth: int = 64
    max_keys: int = 1000  # in one JSON object
    max_number_chars: int = 100
    max_columns: int = 1000
    max_candidates: int = 100
    max_images: int = 8  # of one candidate
    max_judgments: int = 10_000  # in one row
    max_messages: int = 1000  # in one conversation
    max_bytes: int = 2 << 30
    max_expand_ratio: int = 100
    expand_floor: int = 8 << 20  # a small file of repeated rows may compress very well
    max_defects: int = 100_000  # a file with more is wrong as a whole
    max_reported: int = 100  # defects that a refusal carries
    max_unreadable_start: int = 1000  # lines without syntax before the file is called something else


DEFAULT_LIMITS = Limits()
