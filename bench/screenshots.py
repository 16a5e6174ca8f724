"""Pictures of the running program: python -m bench.screenshots [FOLDER] [--all]

Without ``--all`` the four of the README. With it every page, light, dark and 390 px wide, for looking at.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bench.browser import browser, sign_in
from bench.running import ROOT, Running, winnow

LABELS = "2615E37N52"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with winnow() as running, browser() as chromium:
        prepare(chromium, running)
        if options.all:
            for scheme, width in (("light", 1360), ("dark", 1360), ("light", 390), ("dark", 390)):
                take_all(chromium, running, options.folder, scheme, width)
        else:
            take_four(chromium, running, options.folder)


def open_page(chromium: Any, running: Running, *, scheme: str = "light", width: int = 1360) -> Any:
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 860}, reduced_motion="reduce"
    )
    page = context.new_page()
    sign_in(page, running.url, running.password)
    return page


def prepare(chromium: Any, running: Running) -> None:
    """Label a few items, score, settle and freeze, as a lead would."""
    page = open_page(chromium, running)
    page.goto(f"{running.url}/p/demo/scores/")
    for scorer in ("length", "edit", "embedding"):
        page.click(f"button[value={scorer}]")
    page.goto(f"{running.url}/p/demo/desk/")
    page.keyboard.press("Enter")
    for key in LABELS:
        page.wait_for_selector("form.verdict")
        shown = page.input_value("[name=submission_key]")
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.wait_for_function(
            "shown => document.querySelector('[name=submission_key]')?.value !== shown", arg=shown
        )
    page.goto(f"{running.url}/p/demo/settling/")
    page.click("text=Settle now")
    page.wait_for_selector("text=Done", timeout=60_000)
    page.goto(f"{running.url}/p/demo/recipes/1/")
    page.click("text=/Freeze/")
    page.wait_for_url("**/releases/1/")
    page.context.close()


def pages(running: Running) -> dict[str, str]:
    project = f"{running.url}/p/demo"
    return {
        "projects": f"{running.url}/",
        "overview": f"{project}/",
        "items": f"{project}/items/",
        "item": f"{project}/items/1/",
        "import": f"{project}/import/",
        "candidates": f"{project}/candidates/",
        "scores": f"{project}/scores/",
        "routing": f"{project}/routing/",
        "judges": f"{project}/judges/",
        "settling": f"{project}/settling/",
        "recipes": f"{project}/recipes/",
        "recipe": f"{project}/recipes/1/",
        "releases": f"{project}/releases/",
        "release": f"{project}/releases/1/",
        "settings": f"{project}/settings/",
        "members": f"{project}/members/",
        "guidelines": f"{project}/guidelines/",
        "desk": f"{project}/desk/",
    }


def take_all(chromium: Any, running: Running, folder: Path, scheme: str, width: int) -> None:
    page = open_page(chromium, running, scheme=scheme, width=width)
    for name, url in pages(running).items():
        page.goto(url)
        page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=name != "desk")
    page.context.close()


def take_four(chromium: Any, running: Running, folder: Path) -> None:
    page = open_page(chromium, running)
    for name in ("overview", "desk", "item", "recipe"):
        page.goto(pages(running)[name])
        page.screenshot(path=folder / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    main()
