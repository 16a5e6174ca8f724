"""Refusals are raised in English, and read in the language of the page."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from annotate.errors import NothingToDo
from annotate.language import refusal, said


@pytest.mark.parametrize(
    ("sentence", "german"),
    [
        ("The file is too large.", "Die Datei ist zu groß."),
        ("Send at most 16 MiB.", "Senden Sie höchstens 16 MiB."),
        (
            "Only 3 items were judged by people and by critic-2; learning needs 60.",
            "Nur 3 Aufgaben wurden von Menschen und von critic-2 beurteilt; Lernen braucht 60.",
        ),
        (
            "rows.jsonl was not imported: line 7: This question needs an answer.",
            "rows.jsonl wurde nicht importiert: Zeile 7: Diese Frage braucht eine Antwort.",
        ),
        ("There is no pool {0} \\1.", "Eine Gruppe {0} \\1 gibt es nicht."),
        (
            "Known on 3 pairs only; 20 are needed. Nobody has translated this. Leave it empty.",
            "Nur bei 3 Paaren bekannt; nötig sind 20. Nobody has translated this. Lassen Sie es leer.",
        ),
        ("Nobody has translated this.", "Nobody has translated this."),
        ("There is no pool " + 1000 * "is " + ".", "There is no pool " + 1000 * "is " + "."),
        ("", ""),
    ],
)
def test_a_sentence_is_found_as_it_stands_or_by_its_shape(sentence, german):
    with override("de"):
        assert said(sentence) == german
    assert said(sentence) == sentence


def test_a_refusal_says_what_is_wrong_and_what_to_do():
    trouble = NothingToDo("The recipe keeps no pair.", cure="Settle more items, or drop less.")

    with override("de"):
        assert refusal(trouble) == (
            "Das Rezept behält kein Paar. Werten Sie mehr Aufgaben aus oder verwerfen Sie weniger."
        )
    assert refusal(trouble) == "The recipe keeps no pair. Settle more items, or drop less."
