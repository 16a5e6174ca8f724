"""Pictures of the running program: python -m bench.screenshots [FOLDER] [--readme]

Every page there is (``bench.lived_in.PAGES``), the desk with every kind of question and its dialogs, in light
and dark and 390 px wide, into FOLDER (var/screenshots) for looking at; and the four of the README.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bench.browser import browser, open_desk, sign_in
from bench.kinds import QUESTIONS, add_kinds
from bench.lived_in import add_life
from bench.running import ROOT, Running, winnow

# Scheme, width, and "-contrast" for high contrast.
LOOKS = (("light", 1360), ("dark", 1360), ("light", 390))
DESKS = (
    *((scheme, width, "") for scheme, width in LOOKS),
    ("dark", 390, ""),
    ("light", 1360, "-contrast"),
    ("dark", 1360, "-contrast"),
)
README = {"overview": "show_overview", "desk": "show_desk", "item": "show_item", "recipe": "show_recipe"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "var" / "screenshots")
    parser.add_argument("--readme", action="store_true", help="the four of the README alone")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with winnow() as running, browser() as chromium:
        paths = add_life(running.home)
        take_four(chromium, running, ROOT / "docs" / "pictures", paths)
        if options.readme:
            return
        for scheme, width in LOOKS:
            take_all(chromium, running, options.folder, scheme, width, paths)
        add_kinds(running.home)
        for scheme, width, contrast in DESKS:
            take_desks(chromium, running, options.folder, scheme, width, contrast)


def open_page(
    chromium: Any, running: Running, *, scheme: str = "light", width: int = 1360, contrast: str = ""
) -> Any:
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 860}, reduced_motion="reduce"
    )
    if contrast:
        context.add_init_script("localStorage.setItem('winnow:contrast', 'more')")
    page = context.new_page()
    sign_in(page, running.url, running.password)
    return page


def take_desks(chromium: Any, running: Running, folder: Path, scheme: str, width: int, contrast: str) -> None:
    """The desk with every kind of question half answered, its differences and its dialogs."""
    page = open_page(chromium, running, scheme=scheme, width=width, contrast=contrast)
    for slug in QUESTIONS:
        open_desk(page, running.url, slug)
        for key in ("1", "2"):
            page.keyboard.press(key)
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"desk-{slug}-{scheme}{contrast}-{width}.png")
    open_desk(page, running.url, "pairs")
    for name, key in (("differences", "d"), ("guidelines", "g"), ("key-list", "?"), ("flag", "f")):
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        page.screenshot(path=folder / f"desk-{name}-{scheme}{contrast}-{width}.png")
        page.keyboard.press("Escape")
    open_desk(page, running.url, "pictures")
    page.keyboard.press("i")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / f"desk-lightbox-{scheme}{contrast}-{width}.png")
    page.context.close()


def take_all(
    chromium: Any, running: Running, folder: Path, scheme: str, width: int, paths: dict[str, str]
) -> None:
    page = open_page(chromium, running, scheme=scheme, width=width)
    for name, path in paths.items():
        if name == "login":
            continue
        page.goto(running.url + path)
        page.wait_for_timeout(150)
        page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=name != "show_desk")
    page.context.clear_cookies()
    page.goto(running.url + paths["login"])
    page.screenshot(path=folder / f"login-{scheme}-{width}.png")
    page.context.close()


def take_four(chromium: Any, running: Running, folder: Path, paths: dict[str, str]) -> None:
    page = open_page(chromium, running)
    open_desk(page, running.url, "demo")
    for name, url_name in README.items():
        page.goto(running.url + paths[url_name])
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    main()
