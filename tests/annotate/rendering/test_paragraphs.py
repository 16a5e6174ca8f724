"""Plain paragraphs come out as the parser and the sanitiser would have them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from annotate.rendering.paragraphs import split_paragraphs
from annotate.templatetags.prose import _parsed, render_prose

MARKS = st.sampled_from(
    [
        "\n",
        "\n\n",
        "  ",
        " ",
        "- ",
        "1. ",
        "# ",
        "> ",
        "===",
        "---",
        "`",
        "*",
        "[a]: b",
        "|",
        "\t",
        "$",
        "&amp;",
    ]
)
PIECES = st.one_of(
    MARKS,
    st.text(max_size=8),
    st.sampled_from(["words", "[1]", "![", "](x)", "][", "it's", 'a "b"', "é", "雪", "4", "!"]),
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


@given(TEXTS)
@example("One.\n\nTwo\nlines.\n\n- a list\n- of two")
@example("[ref]: https://example.org\n\n[ref] here")
@example("As [1] says, [2].")
@example("A title\n===")
@example("trailing \nspace")
@example("[ref] here\n\n[ref]: https://example.org")
def test_a_text_looks_as_if_the_parser_had_read_all_of_it(text):
    assert render_prose(text) == _parsed(text)


def test_words_alone_need_no_parser():
    assert split_paragraphs('One, two; it\'s "three"!\n\nFour\nfive.') == (
        ['One, two; it\'s "three"!', "Four\nfive."],
        "",
    )


def test_from_the_first_mark_on_the_parser_reads():
    assert split_paragraphs("One.\n\nTwo.\n\n- three\n\nFour.") == (["One.", "Two."], "- three\n\nFour.")
