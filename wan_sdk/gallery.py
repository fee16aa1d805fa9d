"""The takes on disk: signed files under content hashes, their latents, and an index.

    wan_takes/
      3f9c2a7be01d44aa.mp4      the signed clip, named by the hash of its bytes
      index.sqlite              recipes and prompts, readable by the owner alone
      latents/<key>.safetensors what the clip was decoded from, readable by the owner alone

Files are written under a temporary name and moved into place whole; a row is added only after its
file is there. So a crash leaves at most a temporary file, which is swept a day later, or a whole
signed clip that no row names.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wan_sdk import settings
from wan_sdk.cut import Cut
from wan_sdk.errors import StorageError, UsageError
from wan_sdk.media.wal import use_wal
from wan_sdk.media.whole_file import write_whole
from wan_sdk.recipe import Recipe
from wan_sdk.take import Take, prepare_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS takes (
    id TEXT PRIMARY KEY,        -- first 16 hex digits of the file's hash
    key TEXT NOT NULL,          -- what it was made from (recipe.take_key)
    latents TEXT NOT NULL,      -- keys of the latents, separated by spaces
    kind TEXT NOT NULL,
    created REAL NOT NULL,      -- seconds since 1970
    file_sha256 TEXT NOT NULL,
    content_id TEXT NOT NULL,
    model TEXT NOT NULL,
    seed INTEGER NOT NULL,
    words TEXT NOT NULL,        -- title and prompts, for the search
    recipe TEXT NOT NULL,
    parts TEXT NOT NULL         -- of a cut: ids of its takes, separated by spaces
);
CREATE INDEX IF NOT EXISTS takes_by_key ON takes (key, created);
"""
_BUSY_SECONDS = 30.0
_STALE_SECONDS = 24 * 3600
_DAMAGED = "the signed clips beside it are whole; move the index away and a new one is begun"
_HINTS = {  # by what SQLite says
    "locked": "another program has been writing to it for half a minute; try again when it is done",
    "full": "make room, or choose another folder with gallery= or WAN_SDK_GALLERY",
    "readonly": "choose a folder that you may write to with gallery= or WAN_SDK_GALLERY",
    "unable to open": "choose a folder that you may write to with gallery= or WAN_SDK_GALLERY",
}


@dataclass(frozen=True)
class Entry:
    """One row of the index, before its file is looked at."""

    id: str
    key: str
    latents: tuple[str, ...]
    kind: str
    created: float
    file_sha256: str
    content_id: str
    recipe: Recipe
    parts: tuple[str, ...]


class Gallery:
    """Keep takes in a folder and find them again.

    >>> gallery = Gallery("my_takes")            # doctest: +SKIP
    >>> gallery.takes(search="harbour")          # doctest: +SKIP

    Several processes may render into one gallery at the same time.

    Args:
      folder: Where takes are kept; else ``WAN_SDK_GALLERY``, else ``wan_takes`` where you are.
      keep_latents: Whether final latents are kept, so that cuts and published clips decode from
        clean frames; without them a cut renders its shots again.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, keep_latents: bool = True) -> None:
        # Absolute, so that takes are found again after the notebook has changed its folder.
        self.folder = settings.gallery_folder(folder).absolute()
        self.keep_latents = keep_latents

    def __repr__(self) -> str:
        return f"Gallery({str(self.folder)!r})"

    def __len__(self) -> int:
        if not self._index.exists():
            return 0
        with self._open() as index:
            return int(index.execute("SELECT count(*) FROM takes").fetchone()[0])

    @property
    def _index(self) -> Path:
        return self.folder / "index.sqlite"

    def prepare(self) -> None:
        """Make the folder and the index, and check that both can be written.

        Raises:
          StorageError: If the folder cannot be made or written; choose another with ``gallery=``.
        """
        for folder in (self.folder, self.folder / "latents"):
            hint = "choose another folder with gallery= or WAN_SDK_GALLERY"
            prepare_folder(folder, where=f"gallery {self.folder}", hint=hint)
        with self._open():
            self._remove_stale()

    def takes(
        self,
        search: str | None = None,
        *,
        model: str | None = None,
        seed: int | None = None,
        since: float | None = None,
        limit: int = 1000,
    ) -> list[Take | Cut]:
        """Return what is kept, newest first.

        Args:
          search: Words that must all occur in the title or the prompts.
          model: Only takes of this model.
          seed: Only takes of this seed.
          since: Only takes made after this moment, seconds since 1970.
          limit: Return at most this many.
        """
        if not self._index.exists():
            return []
        conditions, values = ["1"], []
        for word in (search or "").split():
            conditions.append("words LIKE ? ESCAPE '\\'")
            values.append("%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
        for column, wanted in (("model = ?", model), ("seed = ?", seed), ("created > ?", since)):
            if wanted is not None:
                conditions.append(column)
                values.append(wanted)
        query = f"SELECT * FROM takes WHERE {' AND '.join(conditions)} ORDER BY created DESC LIMIT ?"  # noqa: S608
        with self._open() as index:
            rows = index.execute(query, [*values, limit]).fetchall()
        return [self._result(_entry(row)) for row in rows]

    def open(self, id: str) -> Take | Cut:
        """Return a take or cut by its id, or by the first digits of it.

        Raises:
          UsageError: If no id, or more than one, begins like that.
        """
        rows = []
        if self._index.exists() and id.isalnum():
            with self._open() as index:
                rows = index.execute("SELECT * FROM takes WHERE id LIKE ? LIMIT 2", [id + "%"]).fetchall()
        if len(rows) != 1:
            problem = "more than one take begins" if rows else "no take begins"
            raise UsageError(f"{problem} with {id!r}", where=repr(self), hint="gallery.takes() lists what is kept")
        return self._result(_entry(rows[0]))

    def forget(self, id: str) -> None:
        """Remove a take: its file, its row, and its latents when nothing else uses them.

        Cuts that it is part of stay, and still name it (`Cut.take_ids`).
        """
        entry = self._by_id(self.open(id).id)
        with self._open() as index:
            index.execute("DELETE FROM takes WHERE id = ?", [entry.id])
            used = " ".join(row["latents"] for row in index.execute("SELECT latents FROM takes")).split()
        with self._storage("a take could not be removed"):
            self.file_of(entry).unlink(missing_ok=True)
            for key in set(entry.latents) - set(used):
                self._latents_file(key).unlink(missing_ok=True)

    def find(self, key: str) -> Take | Cut | None:
        """Return the newest take made under this key whose file is whole, or None."""
        if not self._index.exists():
            return None
        with self._open() as index:
            rows = index.execute("SELECT * FROM takes WHERE key = ? ORDER BY created DESC", [key]).fetchall()
        for entry in map(_entry, rows):
            if sha256_of(self.file_of(entry)) == entry.file_sha256:
                return self._result(entry)
        return None

    def add(self, incoming: Path, *, key: str, latents: tuple[str, ...], content_id: str, recipe: Recipe,
            words: str, parts: tuple[str, ...] = ()) -> Take | Cut:  # fmt: skip
        """Move a finished file into the gallery, enter it into the index, and return it."""
        file_sha256 = sha256_of(incoming)
        first = recipe.calls[0]
        row = (
            file_sha256[:16], key, " ".join(latents), recipe.kind, time.time(), file_sha256, content_id,
            first.model, first.seed, words, recipe.to_json(), " ".join(parts),
        )  # fmt: skip
        kept = self.folder / f"{file_sha256[:16]}.mp4"
        with self._storage("a take could not be kept"):
            incoming.replace(kept)
            try:
                with self._open() as index:
                    index.execute(f"INSERT OR REPLACE INTO takes VALUES ({','.join('?' * len(row))})", row)  # noqa: S608
            except BaseException:
                kept.unlink(missing_ok=True)
                raise
        return self._result(self._by_id(file_sha256[:16]))

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """Give a name for a file in the making; whatever is left under it at the end is removed."""
        path = self.folder / f".incoming-{os.getpid()}-{time.monotonic_ns()}.mp4"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put_latents(self, key: str, values: np.ndarray) -> None:
        """Keep a call's final latents under their key, readable by the owner alone."""
        if not self.keep_latents:
            return
        from safetensors.numpy import save

        data = save({"latents": np.ascontiguousarray(values)})
        with self._storage("latents could not be kept"):
            write_whole(self._latents_file(key), data, mode=0o600)

    def latents(self, key: str) -> np.ndarray | None:
        """Return the latents kept under this key, or None; a damaged file counts as none."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            return load(self._latents_file(key).read_bytes())["latents"]
        except (OSError, SafetensorError, KeyError):
            return None

    def file_of(self, entry: Entry | Take | Cut) -> Path:
        """Return where the signed file of an entry lies."""
        return self.folder / f"{entry.id}.mp4"

    def _latents_file(self, key: str) -> Path:
        return self.folder / "latents" / f"{key}.safetensors"

    def _by_id(self, id: str) -> Entry:
        with self._open() as index:
            return _entry(index.execute("SELECT * FROM takes WHERE id = ?", [id]).fetchone())

    def _result(self, entry: Entry) -> Take | Cut:
        path = self.file_of(entry)
        if entry.kind == "take":
            return Take(entry.id, path, entry.recipe, content_id=entry.content_id, created=entry.created)
        wanted = ",".join("?" * len(entry.parts))
        with self._open() as index:
            found = index.execute(f"SELECT * FROM takes WHERE id IN ({wanted})", entry.parts)  # noqa: S608
            rows = {row["id"]: row for row in found}
        takes = tuple(self._result(_entry(rows[id])) for id in entry.parts if id in rows)
        return Cut(entry.id, path, entry.recipe, takes, entry.parts, content_id=entry.content_id, created=entry.created)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the index for one transaction; commit at the end, roll back on any error."""
        new = not self._index.exists()
        if new:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self._index, os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with contextlib.closing(sqlite3.connect(self._index, timeout=_BUSY_SECONDS)) as index:
                index.row_factory = sqlite3.Row
                use_wal(index, _BUSY_SECONDS)
                index.executescript(_SCHEMA)
                with index:
                    yield index
        except sqlite3.DatabaseError as problem:
            raise StorageError(
                f"the index cannot be used ({problem})",
                where=str(self._index),
                hint=next((hint for sign, hint in _HINTS.items() if sign in str(problem)), _DAMAGED),
            ) from None

    def _remove_stale(self) -> None:
        for pattern in (".incoming-*", "latents/.*"):
            for path in self.folder.glob(pattern):
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                        path.unlink()

    @contextlib.contextmanager
    def _storage(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            free_mb = shutil.disk_usage(self.folder).free // 10**6 if self.folder.exists() else 0
            raise StorageError(
                f"{what}: {problem.strerror or problem} ({free_mb} MB are free)",
                where=f"gallery {self.folder}",
                hint="make room, or choose another folder with gallery= or WAN_SDK_GALLERY",
            ) from None


def sha256_of(path: Path) -> str | None:
    """Return the hash of a file's bytes, or None when there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        key=row["key"],
        latents=tuple(row["latents"].split()),
        kind=row["kind"],
        created=row["created"],
        file_sha256=row["file_sha256"],
        content_id=row["content_id"],
        recipe=Recipe.from_json(row["recipe"]),
        parts=tuple(row["parts"].split()),
    )
