import contextlib
import sqlite3
import threading

import pytest

from wan_sdk.media.wal import use_wal


def test_those_who_make_a_database_at_once_wait_for_each_other(tmp_path):
    problems = []

    def make(path, together):
        together.wait()
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=30)) as db:
                use_wal(db, 30)
                db.execute("CREATE TABLE IF NOT EXISTS takes (id)")
                assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        except sqlite3.OperationalError as problem:
            problems.append(problem)

    for number in range(40):
        together = threading.Barrier(3)
        threads = [threading.Thread(target=make, args=(tmp_path / f"{number}.db", together)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []


def test_a_database_that_cannot_be_written_is_told_at_once(tmp_path):
    path = tmp_path / "read_only.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE takes (id)")
    with (
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        use_wal(db, 30)
