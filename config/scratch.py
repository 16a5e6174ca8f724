"""A home of its own for a stage command that was given a file: nothing of the user's project is touched.

Called before settings are read, for the database's place is decided there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Commands whose first argument may be a file in place of a project.
STAGE_COMMANDS = frozenset({"generate", "score", "route", "settle", "release", "loop"})


def use_scratch_home(arguments: list[str]) -> Path | None:
    """Point WINNOW_HOME at an empty folder when ``arguments`` name a stage command and a file.

    Models that were converted before stay where they are. With DATABASE_URL set the team's database is used
    and only the folder is a scratch one. Returns the folder, which is removed at exit.
    """
    if len(arguments) < 3 or arguments[1] not in STAGE_COMMANDS:
        return None
    target = next((word for word in arguments[2:] if not word.startswith("-")), "")
    if not target or not Path(target).is_file():
        return None
    home = Path(os.environ.get("WINNOW_HOME") or Path(__file__).resolve().parent.parent / "var")
    os.environ.setdefault("WINNOW_MODELS", str(home / "models"))
    scratch = Path(tempfile.mkdtemp(prefix="winnow-"))
    scratch.chmod(0o700)
    os.environ["WINNOW_HOME"] = str(scratch)
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return scratch
