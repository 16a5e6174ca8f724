"""The web server's process: granian with one WSGI worker, tied to the supervisor's life."""

from __future__ import annotations

import os
import sys

from workers.lifeline import end_with_parent


def main() -> None:
    end_with_parent()
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    host, port, threads = sys.argv[1:4]
    os.environ["WINNOW_SUPERVISED"] = "yes"
    Granian(
        "config.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=int(threads),
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.warning,
        # Longer than any page needs; a worker that hangs must not hold up the end of the whole.
        workers_kill_timeout=5,
    ).serve()


if __name__ == "__main__":
    main()
