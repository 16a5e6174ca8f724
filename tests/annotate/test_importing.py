from __future__ import annotations

import pytest
from django.db import IntegrityError, connection

from annotate.errors import ImportRefused
from annotate.models import Assignment, Candidate, ImportRun, Item, Judge, Judgment, QuarantinedRow
from annotate.services.importing import import_items
from tests.factories import item_line, make_project, write_lines

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]
TABLES = (Item, Candidate, ImportRun, QuarantinedRow, Judge, Assignment, Judgment)
JUDGED = {"judgments": [{"judge": "ann", "kind": "person", "answers": {"preference": 2}}]}


def row_counts():
    return {table.__name__: table.objects.count() for table in TABLES}


def test_a_file_becomes_items_with_their_candidates_in_order(tmp_path):
    project = make_project()
    path = write_lines(tmp_path / "items.jsonl", [item_line(number) for number in range(3)])

    report = import_items(project=project, path=path)

    assert (report.items, report.candidates, report.existing, report.quarantined) == (3, 6, 0, 0)
    assert list(project.items.order_by("pk").values_list("external_id", "line")) == [
        ("row-0", 1),
        ("row-1", 2),
        ("row-2", 3),
    ]
    first = project.items.earliest("pk")
    assert first.prompt == [{"role": "user", "content": "prompt 0"}]
    assert list(first.candidates.order_by("position").values_list("text", flat=True)) == [
        "first 0",
        "second 0",
    ]


def test_the_same_file_twice_makes_nothing_twice(tmp_path):
    project = make_project()
    path = write_lines(tmp_path / "items.jsonl", [item_line(0, **JUDGED), item_line(1)])
    import_items(project=project, path=path)
    before = row_counts()

    report = import_items(project=project, path=path)

    assert (report.repeated, report.items, report.existing) == (True, 0, 2)
    assert row_counts() == before


def test_the_same_rows_in_another_file_make_only_what_is_new(tmp_path):
    project = make_project()
    import_items(project=project, path=write_lines(tmp_path / "a.jsonl", [item_line(0), item_line(1)]))
    path = write_lines(tmp_path / "b.jsonl", [item_line(1), item_line(0, **JUDGED), item_line(2)])

    report = import_items(project=project, path=path)

    assert (report.items, report.existing, report.judgments["person"]) == (1, 2, 1)
    assert (Item.objects.count(), Candidate.objects.count(), Judgment.objects.count()) == (3, 6, 1)


def test_a_strict_import_with_one_bad_row_leaves_nothing(tmp_path):
    project = make_project()
    before = row_counts()
    path = write_lines(tmp_path / "items.jsonl", [item_line(0), item_line(1, candidates="none")])

    with pytest.raises(ImportRefused) as refusal:
        import_items(project=project, path=path)

    assert refusal.value.total == 1
    assert [defect["line"] for defect in refusal.value.defects] == [2]
    assert row_counts() == before


def test_a_lenient_import_sets_bad_rows_aside_with_their_place(tmp_path):
    project = make_project()
    rows = [item_line(0), item_line(1, candidates="none"), item_line(2)]

    report = import_items(project=project, path=write_lines(tmp_path / "items.jsonl", rows), mode="lenient")

    assert (report.items, report.quarantined) == (2, 1)
    aside = QuarantinedRow.objects.get()
    assert (aside.line, aside.run_id) == (2, report.run_id)
    assert aside.code
    assert aside.cure
    assert "none" not in aside.message


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_a_file_without_a_good_row_is_refused(tmp_path, mode):
    project = make_project()
    path = write_lines(tmp_path / "items.jsonl", [item_line(0, candidates="none")])

    with pytest.raises(ImportRefused):
        import_items(project=project, path=path, mode=mode)

    assert ImportRun.objects.count() == 0


def test_an_id_with_other_content_is_a_defect(tmp_path):
    project = make_project()
    import_items(project=project, path=write_lines(tmp_path / "a.jsonl", [item_line(0)]))
    path = write_lines(tmp_path / "b.jsonl", [item_line(1), item_line(0, prompt="another")])

    with pytest.raises(ImportRefused) as refusal:
        import_items(project=project, path=path)

    assert [(d["line"], d["field"], d["code"]) for d in refusal.value.defects] == [(2, "id", "id_taken")]
    assert Item.objects.count() == 1


def test_another_project_may_have_the_same_file(tmp_path):
    path = write_lines(tmp_path / "items.jsonl", [item_line(0)])
    reports = [import_items(project=make_project(), path=path) for _ in range(2)]

    assert [report.items for report in reports] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_failure_while_writing_leaves_nothing(tmp_path):
    project = make_project()
    rows = [item_line(number, **JUDGED) for number in range(700)]
    path = write_lines(tmp_path / "items.jsonl", rows)
    before = row_counts()
    with refusing_item("row-650"), pytest.raises(IntegrityError):
        import_items(project=project, path=path)

    assert row_counts() == before
    assert import_items(project=project, path=path).items == 700


class refusing_item:
    """The database refuses this one item, as a full disk would, in the second batch of the file."""

    def __init__(self, external_id):
        self.external_id = external_id

    def __enter__(self):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(
                    "CREATE TRIGGER refuse BEFORE INSERT ON annotate_item WHEN NEW.external_id = "
                    f"'{self.external_id}' BEGIN SELECT RAISE(ABORT, 'no room'); END"
                )
            else:
                cursor.execute(
                    "ALTER TABLE annotate_item ADD CONSTRAINT refuse "
                    f"CHECK (external_id <> '{self.external_id}')"
                )

    def __exit__(self, *trouble):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("DROP TRIGGER refuse")
            else:
                cursor.execute("ALTER TABLE annotate_item DROP CONSTRAINT refuse")
