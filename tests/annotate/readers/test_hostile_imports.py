from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from annotate.readers.reading import read_items
from annotate.readers.rows import Defect, FileRefused, ItemRow

GENERATOR = Path(__file__).resolve().parents[3] / ".." / "shared" / "bench" / "hostile_imports.py"
PER_CATEGORY = 4


def _categories() -> list[str]:
    """Names of the categories; read from the source, so that collecting tests writes no file."""
    if not GENERATOR.is_file():
        return []
    made = re.compile(r'^@(?:category\("\w+", |parquet\()"\w+"\)\ndef (\w+)', re.MULTILINE)
    return made.findall(GENERATOR.read_text(encoding="utf-8"))


CASES = [f"{name}/{index:03d}" for name in _categories() for index in range(PER_CATEGORY)]
pytestmark = pytest.mark.skipif(
    not CASES, reason="the shared generator of hostile files is not beside the project"
)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Seed 1 of the generator, read back by its own strict reader first."""
    folder = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, str(GENERATOR), str(folder), "--seed", "1"]
    done = subprocess.run([*command, "--selfcheck"], capture_output=True, text=True, check=False, cwd=folder)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (
        0,
        "",
        "selfcheck: 208 text files read back by a strict reader, 0 disagree with the manifest",
    )
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return folder, {entry["path"].partition(".")[0]: entry for entry in manifest["files"]} | {"": manifest}


def _read(path: Path) -> tuple[str, list[ItemRow], list[Defect]]:
    items: list[ItemRow] = []
    defects: list[Defect] = []
    try:
        for found in read_items(path):
            if isinstance(found, ItemRow):
                items.append(found)
            else:
                defects.append(found)
    except FileRefused as refused:
        return "reject", [], refused.defects
    return ("quarantine" if defects else "accept"), items, defects


def _digest(item: ItemRow) -> str:
    texts = [item.prompt[0].content, *(candidate.text for candidate in item.candidates)]
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


@pytest.mark.parametrize("case", CASES)
def test_hostile_file_ends_as_its_manifest_says(
    case: str, hostile: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, files = hostile
    entry = files[case]

    outcome, items, defects = _read(folder / entry["path"])

    assert sorted(tmp_path.rglob("HOSTILE_CANARY*")) == []
    if entry["expect"] == "either":
        whole = entry["rows_good"] or len(items)
        assert (outcome, len(items), bool(defects)) in (("accept", whole, False), ("reject", 0, True))
        return
    assert outcome == entry["expect"]
    assert [(d.line, d.line_end, d.code) for d in defects] == [
        (wanted["line"] or 0, wanted["line_end"] or 0, wanted["code"]) for wanted in entry["defects"]
    ]
    assert [
        d.field if wanted["field"] else None for d, wanted in zip(defects, entry["defects"], strict=True)
    ] == [wanted["field"] for wanted in entry["defects"]]
    assert [{"id": item.external_id, "sha256": _digest(item)} for item in items] == entry["round_trip"]


@pytest.mark.parametrize("seed", [2, 3])
def test_other_seeds_end_as_their_manifests_say(seed: int, tmp_path: Path) -> None:
    command = [sys.executable, str(GENERATOR), str(tmp_path), "--seed", str(seed)]
    subprocess.run(command, capture_output=True, check=True, cwd=tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    wanted, found = {}, {}
    for entry in manifest["files"]:
        outcome, items, defects = _read(tmp_path / entry["path"])
        if entry["expect"] == "either":
            assert outcome in ("accept", "reject")
            continue
        wanted[entry["path"]] = (
            entry["expect"],
            [one["code"] for one in entry["defects"]],
            entry["round_trip"],
        )
        made = [{"id": item.external_id, "sha256": _digest(item)} for item in items]
        found[entry["path"]] = (outcome, [one.code for one in defects], made)

    assert len(wanted) > 200
    assert found == wanted


def test_every_file_of_the_generator_is_a_case(hostile: tuple[Path, dict[str, Any]]) -> None:
    _, files = hostile

    assert sorted(CASES) == sorted(key for key in files if key)


def test_upload_names_change_nothing_about_a_good_file(
    hostile: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    _, files = hostile
    path = tmp_path / "upload"
    path.write_text('{"id": "r1", "prompt": "p", "response_a": "a", "response_b": "b"}\n', encoding="utf-8")

    outcomes = {
        name: [item.external_id for item in read_items(path, name=name) if isinstance(item, ItemRow)]
        for name in files[""]["hostile_upload_names"]
    }

    assert outcomes == dict.fromkeys(files[""]["hostile_upload_names"], ["r1"])
