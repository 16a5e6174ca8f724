#!/usr/bin/env python
"""Every command of Winnow starts here."""

from __future__ import annotations

import os
import sys

from config.scratch import use_scratch_home
from workers.lifeline import end_with_parent


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if os.environ.pop("WINNOW_SUPERVISED", ""):
        end_with_parent()
    use_scratch_home(sys.argv)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as reason:
        # The message names the setting and the cure; a traceback would bury both.
        sys.exit(f"Winnow cannot start: {reason}")


if __name__ == "__main__":
    main()
