"""The ledger: found by every route, private, chained, shared by many, and never in the way."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wan_sdk.errors import StorageError
from wan_sdk.marking.fingerprint import Fingerprint
from wan_sdk.marking.ledger import AssetRecord, Ledger
from wan_sdk.marking.manifest import new_content_id


def asset(number: int = 0, **fields: object) -> AssetRecord:
    rng = np.random.default_rng(number)
    return replace(
        AssetRecord(
            content_id=new_content_id(),
            created=dt.datetime.now(dt.UTC).replace(microsecond=0),
            sha256=f"{number:064x}",
            packet_sha256=f"a{number:063x}",
            frames_sha256=f"b{number:063x}",
            fingerprint=Fingerprint(rng.integers(0, 2**64, 6, np.uint64)),
            payload=f"4{number:015x}",
            manifest=b"manifest",
            prompt_salt=b"salt",
            project="harbour",
        ),
        **fields,
    )


def test_an_asset_is_found_by_every_route(tmp_path: Path) -> None:
    ledger, one, other = Ledger(tmp_path), asset(1), asset(2)
    ledger.record(one)
    ledger.record(other)
    for found in (
        ledger.get(one.content_id),
        ledger.by_sha256(one.sha256),
        ledger.by_packets(one.packet_sha256),
        ledger.by_frames(one.frames_sha256),
        ledger.by_payload(one.payload),
        ledger.by_likeness(one.fingerprint)[0],
    ):
        assert replace(found, fingerprint=one.fingerprint) == one
        assert found.fingerprint.hashes.tolist() == one.fingerprint.hashes.tolist()
    assert ledger.by_sha256("0" * 63 + "9") is None
    assert ledger.by_frames("") is None


def test_looking_makes_no_files(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "never")
    assert ledger.by_sha256("00") is None
    assert ledger.by_likeness(asset().fingerprint) is None
    assert ledger.events() == []
    assert not (tmp_path / "never").exists()


def test_the_ledger_is_private_from_its_first_byte(tmp_path: Path) -> None:
    Ledger(tmp_path / "home").record(asset())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "home").iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_a_forgotten_asset_leaves_a_tombstone_and_no_trace_of_content(tmp_path: Path) -> None:
    ledger, one = Ledger(tmp_path), asset(7, sha256="c0ffee" * 10 + "0000")
    ledger.record(asset(1))
    ledger.record(one)
    assert ledger.forget(one.content_id)
    assert not ledger.forget(one.content_id)
    assert ledger.by_sha256(one.sha256) is None
    assert [event["kind"] for event in ledger.events()] == ["delivered", "delivered", "forgotten"]
    assert ledger.chain_holds()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert one.sha256.encode() not in left
    assert one.payload.encode() not in left


def test_what_is_kept_for_a_time_goes_when_it_is_over(tmp_path: Path) -> None:
    ledger, now = Ledger(tmp_path), dt.datetime.now(dt.UTC)
    over, running = asset(1, retain_until=now - dt.timedelta(days=1)), asset(2, retain_until=now + dt.timedelta(days=1))
    for one in (over, running, asset(3)):
        ledger.record(one)
    assert ledger.forget_expired() == [over.content_id]
    assert ledger.get(running.content_id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET details = '{}' WHERE number = 2",
        "UPDATE events SET details = '' WHERE number = 2",
        "UPDATE events SET happened = '2020-01-01' WHERE number = 1",
        "DELETE FROM events WHERE number = 2",
        "UPDATE events SET content_id = 'other' WHERE number = 3",
    ],
)
def test_a_changed_or_missing_event_breaks_the_chain(tmp_path: Path, change: str) -> None:
    ledger = Ledger(tmp_path)
    for number in range(4):
        ledger.record(asset(number))
    assert ledger.chain_holds()
    with sqlite3.connect(ledger.path) as db:
        db.execute(change)
    db.close()
    assert not ledger.chain_holds()


def test_asset_and_event_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    ledger, one = Ledger(tmp_path), asset()
    ledger.record(one)
    with pytest.raises(StorageError):
        ledger.record(one)
    assert len(ledger.events()) == 1


def test_eight_threads_write_at_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ledger.record(asset(number)), range(64)))
    assert len(ledger.events()) == 64
    assert ledger.chain_holds()
    assert len(ledger.payloads()) == 64


def write_some(home: str, first: int) -> None:
    for number in range(first, first + 8):
        Ledger(Path(home)).record(asset(number))


def test_processes_share_it(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    started = [spawn.Process(target=write_some, args=(str(tmp_path), 8 * index)) for index in range(2)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert len(Ledger(tmp_path).payloads()) == 16
    assert Ledger(tmp_path).chain_holds()


def test_a_damaged_ledger_says_what_to_do(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.path.write_bytes(b"this is not a database, and it is long enough to be looked at" * 20)
    for use in (lambda: ledger.by_sha256("00"), lambda: ledger.record(asset())):
        with pytest.raises(StorageError, match="damaged") as caught:
            use()
        assert "restore" in caught.value.hint


def test_a_locked_ledger_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wan_sdk.marking.ledger.BUSY_SECONDS", 0.1)
    ledger = Ledger(tmp_path)
    ledger.record(asset(1))
    holder = sqlite3.connect(ledger.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked"):
        ledger.record(asset(2))
    assert ledger.by_sha256(asset(1).sha256), "readers are not in anybody's way"
    holder.close()


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record(asset())
    with sqlite3.connect(ledger.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StorageError, match="newer wan_sdk"):
        ledger.record(asset(2))
