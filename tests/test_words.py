"""What annotators read, in the languages that the settings offer."""

from __future__ import annotations

import ast
import gettext
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from annotate.questions.presets import PRESETS
from annotate.readers.foreign import SOURCES as FOREIGN
from annotate.readers.foreign.mapping import FIELDS
from curation.formats.registry import FORMATS
from curation.forms import field_words
from curation.numerics.recipes import STEPS
from tests.sentences import SOURCES, marked, refused

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PAGES = sorted((ROOT / "templates").rglob("*.html"))
# What a tag or a filter is given to say.
TAG = re.compile(r"{%.*?%}|{{.*?}}", re.S)
STRING = r"\"(?:[^\"\\]|\\.)*\""


@cache
def catalogue(code):
    """The .po file as pairs; enough of the format for files that msgfmt has accepted."""
    text = (ROOT / "locale" / code / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    entries = re.findall(
        rf"^msgid ({STRING})\n(?:msgid_plural {STRING}\n)?msgstr(?:\[0\])? ({STRING})", text, re.M
    )
    return {ast.literal_eval(one): ast.literal_eval(other) for one, other in entries}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_word_of_the_catalogue_is_translated(code):
    assert [word for word, other in catalogue(code).items() if word and not other] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(code):
    with (ROOT / "locale" / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog

    # A word with a plural stands under each of its forms; the first is compared.
    single = {word: other for word, other in compiled.items() if isinstance(word, str)}
    found = single | {word[0]: other for word, other in compiled.items() if word[1:] == (0,)}
    assert {word: found.get(word) for word in catalogue(code) if word} == {
        word: other for word, other in catalogue(code).items() if word
    }


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_word_that_annotators_and_reviewers_read_is_in_the_catalogue(code):
    known = catalogue(code)
    asked = {
        word.replace("%", "%%")
        for page in PAGES
        for pair in re.findall(
            r"(?:{%-? translate |_\()(?:\"([^\"]+)\"|'([^']+)')", page.read_text(encoding="utf-8")
        )
        for word in pair
        if word
    }

    assert sorted(asked - set(known)) == []


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_code_asks_the_catalogue_for_and_refuses_with_is_in_it(code, path):
    assert sorted((marked(path) | refused(path)) - set(catalogue(code))) == []


def bare_words(text):
    """What a template says without asking the catalogue: between its tags, and where attributes are read."""
    text = re.sub(r"{%-? blocktranslate.*?endblocktranslate -?%}", " ", text, flags=re.S)
    given = re.findall(
        r'(?<=[\s|])(?:title|text|label|action|words|note|default)[:=]"([^"]*)"', "".join(TAG.findall(text))
    )
    text = re.sub(r"{% block (?:page_class|body_class|body_data) %}.*?{% endblock %}", " ", text)
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", text, flags=re.S)
    text = re.sub(r"<(code|kbd|pre)\b.*?</\1>", " ", text, flags=re.S)
    read = re.findall(r'\s(?:aria-label|title|placeholder|alt|data-pictures-of)="([^"]*)"', text)
    found = re.findall(r"[A-Za-z][a-z]+|[A-Z]{2,}", " ".join([*given, *read, re.sub(r"<[^>]*>", " ", text)]))
    return [word for word in found if word != "Winnow"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_says_nothing_past_the_catalogue(page):
    assert bare_words(page.read_text(encoding="utf-8")) == []


def test_bare_words_are_found():
    page = (
        '<p title="Read">{% translate "No" %} {{ name|default:"nobody" }} <b>yes</b> <code>key</code>'
        '{% include "_empty.html" with title="Nothing" text=_("Yet") %}</p>'
    )

    assert bare_words(page) == ["nobody", "Nothing", "Read", "yes"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_presets_say_of_themselves_is_in_the_catalogue(code):
    """The engine of questions knows no Django: pages ask the catalogue for its words."""
    names = {"HelpSteer2", "HelpSteer2-Preference", "MultiPref", "MM-RLHF", "Safe-RLHF", "UltraFeedback"}
    told = {words for preset in PRESETS.values() for words in (preset.title, preset.about)}

    assert sorted(told - names - set(catalogue(code))) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_forms_say_of_foreign_files_is_in_the_catalogue(code):
    told = (
        {source.about for source in FOREIGN.values()} | set(FIELDS.values()) | set(map(field_words, FIELDS))
    )

    assert sorted(told - set(catalogue(code))) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_steps_and_formats_say_of_themselves_is_in_the_catalogue(code):
    settings_of = [setting for kind in STEPS.values() for setting in kind.settings]
    told = {words for kind in STEPS.values() for words in (kind.group, kind.title, kind.help)}
    told |= {words for one in settings_of for words in (one.words, one.help)}
    told |= {one.replace("_", " ") for setting in settings_of for one in getattr(setting, "options", ())}
    told |= {words for one in FORMATS.values() for words in (one.title, one.trainer)}

    assert sorted(told - {""} - set(catalogue(code))) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_names_in_braces_survive_translation(code):
    def names(text):
        return sorted(re.findall(r"{\w+}|%\(\w+\)s", text))

    assert [word for word, other in catalogue(code).items() if names(word) != names(other)] == []


@pytest.mark.django_db
def test_a_person_chooses_their_language(client, project, annotator):
    client.force_login(annotator)
    desk = reverse("show_desk", args=[project.slug])
    assert "Nothing to label yet" in client.get(desk).content.decode()

    client.post(reverse("set_language"), {"language": "de", "next": desk})
    page = client.get(desk).content.decode()

    assert '<html lang="de">' in page
    assert "Noch nichts zu beurteilen" in page


@pytest.mark.django_db
def test_a_reviewer_reads_answers_in_their_language(client, project, reviewer):
    from tests.factories import make_item, make_judge, make_judgment

    item = make_item(project)
    make_judgment(item, make_judge(project), -1)
    make_judgment(item, make_judge(project), 3)
    client.force_login(reviewer)
    client.post(reverse("set_language"), {"language": "de"})

    page = client.get(reverse("review_item", args=[project.slug, item.pk])).content.decode()

    for words in ("Was geantwortet wurde", "A etwas besser", "B viel besser", "Ihre endgültige Antwort"):
        assert words in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("show_import", ("Wessen Datei ist es?", "Streng: alles oder nichts", "Importieren")),
        ("show_images", ("Nur die Pixel werden behalten", "bis zu 100 auf einmal", "Hochladen")),
        (
            "show_questions",
            ("Eine Frage hinzufügen", "Daumen hoch oder runter", "Vorzug", "Wie aus Antworten"),
        ),
        ("change_rules", ("Über ein Paar entscheidet", "Die Regeln speichern")),
        ("show_flow", ("Menschen je Aufgabe", "Bis die führende Antwort sicher ist", "Ändern Sie etwas")),
        ("show_candidates", ("Ein Modell, einmal", "Antworten je Anfrage", "Temperatur", "Neuer Generator")),
        ("new_generator", ("Name des Schlüssels", "Höchstens ein Generator.")),
        (
            "show_scores",
            ("Längenunterschied", "Merkmale aus den Texten lesen", "Editierähnlichkeit nach Zeichen."),
        ),
        ("score_by_model", ("Gefragt wird nach", "Das mitgelieferte Modell", "Modelle dieser Maschine")),
        ("upload_scores", ("Bewertungen hochladen", "Oder eine Zahl je Zeile")),
        ("show_routing", ("Nächste Regel", "Alles an Menschen", "Bedingungen, Stichprobe und Lernen")),
        ("show_judges", ("Neues urteilendes Modell", "Das lokale Modell fragen")),
        ("new_judge", ("Ein OpenAI-kompatibler Endpunkt", "Noch keine Anweisung gezeigt", "Mein Modell")),
        ("show_recipes", ("Saubere Paare", "Prüfsammlungen", "Es beginnt mit drei Schritten")),
        ("show_releases", ("Eingefrorene Sammlungen von Zeilen", "Noch keine Ausgabe")),
        ("show_leaderboard", ("Keine zwei Modelle wurden verglichen",)),
        ("show_rechecks", ("Noch einmal zu prüfende Urteile", "Noch hat niemand gesucht")),
        ("show_settings", ("mindestens 7, damit", "Längen zeigen", "Einstellungen")),
    ],
)
def test_a_lead_reads_pages_and_forms_in_their_language(client, project, lead, page, words):
    client.force_login(lead)
    client.post(reverse("set_language"), {"language": "de"})

    shown = client.get(reverse(page, args=[project.slug])).content.decode()

    assert [word for word in words if word not in shown] == []
