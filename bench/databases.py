"""An empty database on a PostgreSQL server, for one measurement."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The address of a new database beside the one that ``server`` names; dropped when the block ends.

    An empty ``server`` stands for SQLite, whose database is a file of the home.
    """
    if not server:
        yield ""
        return
    # A laptop has no driver for it.
    from psycopg import connect, sql

    name = f"winnow_bench_{uuid.uuid4().hex[:12]}"
    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with connect(server, autocommit=True) as connection:
        connection.execute(create)
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(drop)
