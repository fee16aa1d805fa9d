"""What this machine has delivered: hashes, ids, likenesses and manifests, and no pictures or prompts.

SQLite in WAL mode, one file for all projects, readable by its owner alone. A connection lives for
one operation, so that threads, forks and several processes need no care.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wan_sdk import settings
from wan_sdk.errors import StorageError
from wan_sdk.marking.fingerprint import Fingerprint, distance
from wan_sdk.media.wal import use_wal

VERSION = 1
BUSY_SECONDS = 10.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS assets (
    content_id TEXT PRIMARY KEY,
    project TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    packet_sha256 TEXT NOT NULL,
    frames_sha256 TEXT NOT NULL,
    payload TEXT,
    fingerprint BLOB NOT NULL,
    manifest BLOB,
    prompt_salt BLOB,
    retain_until TEXT
);
CREATE INDEX IF NOT EXISTS assets_by_file ON assets (sha256);
CREATE INDEX IF NOT EXISTS assets_by_packets ON assets (packet_sha256);
CREATE INDEX IF NOT EXISTS assets_by_frames ON assets (frames_sha256);
CREATE INDEX IF NOT EXISTS assets_by_payload ON assets (payload);
CREATE TABLE IF NOT EXISTS tombstones (content_id TEXT PRIMARY KEY, forgotten TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    happened TEXT NOT NULL,
    kind TEXT NOT NULL,
    content_id TEXT NOT NULL,
    details TEXT NOT NULL,
    chain TEXT NOT NULL
);
"""
_COLUMNS = (
    "content_id, project, created, sha256, packet_sha256, frames_sha256, payload, fingerprint, manifest, "
    "prompt_salt, retain_until"
)


@dataclass(frozen=True)
class AssetRecord:
    """One delivered clip.

    Args:
      content_id: UUIDv7.
      created: When (UTC).
      sha256: Of the delivered file.
      packet_sha256, frames_sha256: Of its packets and of its decoded frames.
      fingerprint: Its likeness.
      payload: The id in its pixels, 16 hexadecimal digits, or None when none could be read back.
      manifest: Bytes of its manifest, or None when it was not signed.
      prompt_salt: What its prompt commitment was made with.
      project: Whose it is.
      retain_until: When the record may go (UTC); None keeps it.
    """

    content_id: str
    created: dt.datetime
    sha256: str
    packet_sha256: str
    frames_sha256: str
    fingerprint: Fingerprint
    payload: str | None = None
    manifest: bytes | None = None
    prompt_salt: bytes | None = None
    project: str = ""
    retain_until: dt.datetime | None = None


class Ledger:
    """The records of this machine.

    >>> Ledger().by_payload("4c1f000000000001")      # doctest: +SKIP

    Args:
      home: Folder of keys and ledger; default `settings.home()`.

    Every method raises StorageError when the ledger is locked, damaged or cannot be written.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.path = (home or settings.home()) / "ledger.sqlite"

    def record(self, asset: AssetRecord, *, event: str = "delivered", details: dict[str, Any] | None = None) -> None:
        """Write one asset and its event; both or neither."""
        row = (
            asset.content_id,
            asset.project,
            _text(asset.created),
            asset.sha256,
            asset.packet_sha256,
            asset.frames_sha256,
            asset.payload,
            asset.fingerprint.to_bytes(),
            asset.manifest,
            asset.prompt_salt,
            _text(asset.retain_until) if asset.retain_until else None,
        )
        with self._writing() as db:
            db.execute(f"INSERT INTO assets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
            _append_event(db, event, asset.content_id, {"sha256": asset.sha256, **(details or {})})

    def forget(self, content_id: str) -> bool:
        """Erase everything that is known of an asset; what stays is a tombstone with its id.

        Returns:
          Whether there was such an asset.
        """
        with self._writing() as db:
            gone = db.execute("DELETE FROM assets WHERE content_id = ?", (content_id,)).rowcount > 0
            if gone:
                db.execute("INSERT OR IGNORE INTO tombstones VALUES (?, ?)", (content_id, _text(_now())))
                # The file's hash stood in its event; the chain is kept by the hash of that event.
                db.execute("UPDATE events SET details = '' WHERE content_id = ?", (content_id,))
                _append_event(db, "forgotten", content_id, {})
        if gone:
            with self._reading() as db:
                if db is not None:
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def forget_expired(self) -> list[str]:
        """Forget every asset whose time of retention is over; return their ids."""
        with self._reading() as db:
            query = "SELECT content_id FROM assets WHERE retain_until < ?"
            due = [row[0] for row in db.execute(query, (_text(_now()),))] if db else []
        return [content_id for content_id in due if self.forget(content_id)]

    def get(self, content_id: str) -> AssetRecord | None:
        """Return the asset of a content id."""
        return self._one("content_id", content_id)

    def by_sha256(self, sha256: str) -> AssetRecord | None:
        """Return the asset whose file has this hash."""
        return self._one("sha256", sha256)

    def by_packets(self, packet_sha256: str) -> AssetRecord | None:
        """Return the asset with these packets."""
        return self._one("packet_sha256", packet_sha256)

    def by_frames(self, frames_sha256: str) -> AssetRecord | None:
        """Return the asset with these decoded frames."""
        return self._one("frames_sha256", frames_sha256)

    def by_payload(self, payload: str) -> AssetRecord | None:
        """Return the asset that carries this id in its pixels."""
        return self._one("payload", payload)

    def by_likeness(self, fingerprint: Fingerprint) -> tuple[AssetRecord, float] | None:
        """Return the asset that looks most like this, and how unlike it is (`fingerprint.distance`)."""
        best: tuple[float, str] | None = None
        with self._reading() as db:
            rows = db.execute("SELECT content_id, fingerprint FROM assets") if db else ()
            for content_id, blob in rows:
                apart = distance(fingerprint, Fingerprint.from_bytes(blob))
                if best is None or apart < best[0]:
                    best = (apart, content_id)
        found = self.get(best[1]) if best else None
        return (found, best[0]) if found and best else None

    def payloads(self) -> list[int]:
        """Return every id that this machine has put into pixels."""
        with self._reading() as db:
            rows = db.execute("SELECT payload FROM assets WHERE payload IS NOT NULL") if db else ()
            return [int(payload, 16) for (payload,) in rows]

    def events(self) -> list[dict[str, Any]]:
        """Return all events in order."""
        with self._reading() as db:
            rows = (
                db.execute("SELECT number, happened, kind, content_id, details FROM events ORDER BY number")
                if db
                else ()
            )
            names = ("number", "happened", "kind", "content_id", "details")
            return [dict(zip(names, row, strict=True)) for row in rows]

    def chain_holds(self) -> bool:
        """Return whether no event was changed, dropped or put in between.

        The text of a forgotten asset's events is erased on purpose; their place in the chain stays.
        """
        before = ""
        with self._reading() as db:
            forgotten = {row[0] for row in db.execute("SELECT content_id FROM tombstones")} if db else set()
            rows = (
                db.execute("SELECT happened, kind, content_id, details, chain FROM events ORDER BY number")
                if db
                else ()
            )
            for happened, kind, content_id, details, chain in rows:
                link, _, so_far = chain.partition(":")
                erased = details == "" and content_id in forgotten
                if not erased and link != _link(happened, kind, content_id, details):
                    return False
                if so_far != hashlib.sha256((before + link).encode()).hexdigest():
                    return False
                before = so_far
        return True

    def _one(self, column: str, value: str) -> AssetRecord | None:
        if not value:
            return None
        with self._reading() as db:
            query = f"SELECT {_COLUMNS} FROM assets WHERE {column} = ? ORDER BY content_id LIMIT 1"  # noqa: S608
            row = db.execute(query, (value,)).fetchone() if db else None
        if row is None:
            return None
        (content_id, project, created, sha256, packets, frames, payload, blob, manifest, salt, retain) = row
        return AssetRecord(
            content_id=content_id,
            created=dt.datetime.fromisoformat(created),
            sha256=sha256,
            packet_sha256=packets,
            frames_sha256=frames,
            fingerprint=Fingerprint.from_bytes(blob),
            payload=payload,
            manifest=manifest,
            prompt_salt=salt,
            project=project,
            retain_until=dt.datetime.fromisoformat(retain) if retain else None,
        )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection, or None when nothing was ever recorded: looking makes no files."""
        if not self.path.exists():
            yield None
            return
        with self._typed_errors(), contextlib.closing(self._connect()) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._typed_errors():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made before SQLite opens it, so that it is private from its first byte; the WAL follows its mode.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with contextlib.closing(self._connect()) as db:
                db.executescript(_SCHEMA)
                db.execute("BEGIN IMMEDIATE")
                with db:
                    yield db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            use_wal(db, BUSY_SECONDS)
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
            self._check_version(db)
        except BaseException:
            db.close()
            raise
        return db

    def _check_version(self, db: sqlite3.Connection) -> None:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise StorageError(
                f"was written by a newer wan_sdk (version {found}, this one reads {VERSION})",
                where=str(self.path),
                hint="update wan_sdk",
            )
        if found < VERSION:
            db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as problem:
            raise StorageError(
                f"the ledger cannot be used ({problem})",
                where=str(self.path),
                hint="another program may hold it, or the disk is full or read-only",
            ) from None
        except sqlite3.DatabaseError as problem:
            raise StorageError(
                f"the ledger is damaged ({problem})",
                where=str(self.path),
                hint="move it away and restore it from a backup; a new one is made by itself",
            ) from None
        except OSError as problem:
            raise StorageError(
                f"the ledger cannot be written ({problem.strerror})",
                where=str(self.path),
                hint="point WAN_SDK_HOME at a folder that you may write to",
            ) from None


def _append_event(db: sqlite3.Connection, kind: str, content_id: str, details: dict[str, Any]) -> None:
    """Append an event; each link holds the hash of the event and of all before it."""
    last = db.execute("SELECT chain FROM events ORDER BY number DESC LIMIT 1").fetchone()
    happened, text = _text(_now()), json.dumps(details, sort_keys=True)
    link = _link(happened, kind, content_id, text)
    before = last[0].split(":")[1] if last else ""
    chain = f"{link}:{hashlib.sha256((before + link).encode()).hexdigest()}"
    db.execute(
        "INSERT INTO events (happened, kind, content_id, details, chain) VALUES (?, ?, ?, ?, ?)",
        (happened, kind, content_id, text, chain),
    )


def _link(happened: str, kind: str, content_id: str, details: str) -> str:
    return hashlib.sha256("\0".join((happened, kind, content_id, details)).encode()).hexdigest()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds")
