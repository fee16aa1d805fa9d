"""SQLite files that several processes write: with a write-ahead log, whoever comes first."""

from __future__ import annotations

import sqlite3
import time

_MOMENT_SECONDS = 0.01


def use_wal(db: sqlite3.Connection, seconds: float) -> None:
    """Switch a database to its write-ahead log, waiting while another connection does the same.

    SQLite's own timeout does not cover this switch: of two processes that make a file at once, one is told at once
    that it is locked.

    >>> use_wal(sqlite3.connect("takes.db"), seconds=30)   # doctest: +SKIP

    Args:
      db: An open connection.
      seconds: How long to go on trying.

    Raises:
      sqlite3.OperationalError: If it stays locked, or cannot be written.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > until:
                raise
            time.sleep(_MOMENT_SECONDS)
        else:
            return
