from __future__ import annotations

from annotate.readers.rows import WHOLE_FILE, Defect, FileRefused

LONGEST_FIELD = 200

# What a person can do about each code. The text of the row never goes into a message or a cure.
CURES = {
    "bad_delimiter": "Save the file again as CSV with commas between the cells.",
    "bad_gzip": "Compress the file again, once, and upload it whole.",
    "bad_json": "Write one complete JSON object per line, without line breaks inside it.",
    "bad_line_end": "Save the file with Unix line ends (LF) or Windows line ends (CR and LF).",
    "bad_number": "Use finite numbers of at most 100 characters; write null for a missing number.",
    "bad_candidate": "Give the candidate's position as stored: 0 for the first, 1 for the second.",
    "bad_parquet": "Write the table again, or download it again: it is cut short, damaged or encrypted.",
    "bad_quote": 'Put the whole cell in double quotes and write each quote inside it twice ("").',
    "bad_utf8": "Save the file as UTF-8 without converting the damaged characters to replacement signs.",
    "bad_value": "Use one of the allowed values.",
    "blank": "Fill the field with text that a person can read, or take the row out.",
    "duplicate": "Give each candidate one number by each scorer.",
    "duplicate_column": "Give each column a name of its own.",
    "duplicate_id": "Give each row an id of its own, or take the repeated row out.",
    "duplicate_key": "Write each key once in an object.",
    "identical_candidates": "Take the row out, or give it candidates that differ.",
    "lone_surrogate": "Write characters above U+FFFF as a whole surrogate pair or as plain UTF-8.",
    "missing_column": "Name the columns in the first line: id, prompt, response_a, response_b.",
    "missing_field": "Add the field; all rows of a file have the same shape.",
    "no_rows": "Upload a file that has at least one row.",
    "not_object": "Write one JSON object per line, not a list or a bare value.",
    "nul_char": "Take the character U+0000 out of the text.",
    "ragged": "Give the row as many cells as the header has columns; quote cells that contain commas.",
    "too_big": "Split the file into smaller ones.",
    "too_deep": "Flatten the value: at most 64 levels are read.",
    "too_long": "Shorten the text, or take the row out.",
    "too_many": "Split the row, or take some of the entries out.",
    "too_many_columns": "Keep the columns that are needed; at most 1,000 are read.",
    "too_many_defects": "Correct the file as a whole; the first defects show what is wrong.",
    "too_many_keys": "Keep the keys that are needed; at most 1,000 in one object are read.",
    "unknown_id": "Use the ids that the items of this project have; the Items page lists them.",
    "unsupported_type": "Upload JSONL or CSV, plain or compressed with gzip, or Parquet.",
    "wrong_type": "Give the field a value of the right type.",
}


class RowFault(ValueError):
    """One row cannot be used; the rest of the file can."""

    def __init__(self, code: str, message: str, *, field: str | None = None, cure: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.cure = code, message, cure or CURES[code]
        self.field = (
            field if field is None or len(field) <= LONGEST_FIELD else field[: LONGEST_FIELD - 1] + "…"
        )

    def at(self, *, line: int, line_end: int | None = None, record: int | None = None) -> Defect:
        return Defect(
            line=line,
            line_end=line if line_end is None else line_end,
            record=record,
            field=self.field,
            code=self.code,
            message=self.message,
            cure=self.cure,
        )


def refuse(
    code: str,
    message: str,
    *,
    line: int = WHOLE_FILE,
    line_end: int | None = None,
    record: int | None = None,
    field: str | None = None,
    cure: str = "",
) -> FileRefused:
    fault = RowFault(code, message, field=field, cure=cure)
    return FileRefused([fault.at(line=line, line_end=line_end, record=record)])


def safe_name(key: str) -> str:
    """A key as a defect may show it: short, printable and storable on every database."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in key[:60])
    return shown + "…" if len(key) > 60 else shown
