"""For a container's health check: status 0 when the web server of this machine answers."""

from __future__ import annotations

import os
import sys

from workers.supervisor import answers


def main() -> int:
    name = os.environ.get("WINNOW_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"
    return 0 if answers(host="127.0.0.1", port=int(os.environ.get("PORT") or 8000), name=name) else 1


if __name__ == "__main__":
    sys.exit(main())
