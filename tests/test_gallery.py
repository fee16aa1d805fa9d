"""Takes on disk: found again, whole or absent, private, and shared by processes."""

import os
import sqlite3
import stat
import threading
from dataclasses import replace

import numpy as np
import pytest

from wan_sdk.errors import StorageError, UsageError
from wan_sdk.gallery import Gallery
from wan_sdk.planning.call import Call
from wan_sdk.recipe import MarkRecord, Recipe
from wan_sdk.spec import Scene

CALL = Call(0, "nano", "t2v", "a boat", "", 160, 96, 25, 12.0, 12, 3.0, None, 3.0, None, "unipc", 64, 7, enlarge=3)
RECIPE = Recipe("take", {"prompt": "a boat"}, (CALL,), {"nano": "w"}, "f" * 64, MarkRecord(True, "4c1f"))


@pytest.fixture
def gallery(tmp_path):
    gallery = Gallery(tmp_path / "takes")
    gallery.prepare()
    return gallery


def add(gallery, content, *, key="k", words="a boat", recipe=RECIPE, latents=("l",), **more):
    with gallery.incoming() as path:
        path.write_bytes(content)
        return gallery.add(path, key=key, latents=latents, content_id="c", recipe=recipe, words=words, **more)


def test_a_take_is_found_by_what_it_was_made_from_and_named_by_its_bytes(gallery):
    take = add(gallery, b"clip")
    assert take.path.read_bytes() == b"clip"
    assert take.path.stem == take.id
    assert gallery.find("k").id == take.id
    assert gallery.find("other") is None
    assert gallery.open(take.id[:6]).recipe == RECIPE
    assert len(gallery) == 1


def test_a_file_that_was_changed_or_removed_is_not_reused(gallery):
    take = add(gallery, b"clip")
    take.path.write_bytes(b"clip, edited")
    assert gallery.find("k") is None
    take.path.unlink()
    assert gallery.find("k") is None


def test_an_older_whole_file_is_found_behind_a_newer_damaged_one(gallery):
    older = add(gallery, b"first")
    add(gallery, b"second").path.write_bytes(b"damaged")
    assert gallery.find("k").id == older.id


def test_nothing_is_left_behind_when_making_a_file_fails(gallery):
    with pytest.raises(RuntimeError), gallery.incoming() as path:
        path.write_bytes(b"half")
        raise RuntimeError
    assert [item.name for item in gallery.folder.glob("*.mp4")] == []
    assert not path.exists()


def test_search_needs_every_word_and_takes_signs_literally(gallery):
    add(gallery, b"1", key="1", words="Harbour a boat at dawn")
    add(gallery, b"2", key="2", words="100% cotton_shirt")
    assert len(gallery.takes("boat dawn")) == 1
    assert len(gallery.takes("boat night")) == 0
    assert len(gallery.takes("100%")) == 1
    assert len(gallery.takes("%boat")) == 0
    assert len(gallery.takes("cotton_")) == 1
    assert [take.path.read_bytes() for take in gallery.takes()] == [b"2", b"1"]


def test_search_by_model_seed_and_time(gallery):
    add(gallery, b"1", key="1")
    other = replace(RECIPE, calls=(replace(CALL, model="wan2.2-ti2v-5b", seed=8),))
    take = add(gallery, b"2", key="2", recipe=other)
    assert [found.id for found in gallery.takes(model="wan2.2-ti2v-5b")] == [take.id]
    assert [found.id for found in gallery.takes(seed=8)] == [take.id]
    assert gallery.takes(since=take.created + 1) == []


def test_forget_removes_file_row_and_latents_that_nothing_else_uses(gallery):
    values = np.zeros((16, 2, 2, 2), np.float32)
    gallery.put_latents("shared", values)
    gallery.put_latents("own", values)
    first = add(gallery, b"1", key="1", latents=("shared",))
    second = add(gallery, b"2", key="2", latents=("shared", "own"))
    gallery.forget(second.id)
    assert not second.path.exists()
    assert gallery.latents("own") is None
    assert gallery.latents("shared") is not None
    gallery.forget(first.id)
    assert gallery.latents("shared") is None
    with pytest.raises(UsageError, match="no take begins"):
        gallery.open(first.id)


def test_a_cut_names_a_take_that_was_forgotten_and_keeps_the_others_at_their_shots(gallery):
    first, second = (add(gallery, content, key=content.decode()) for content in (b"1", b"2"))
    recipe = replace(RECIPE, kind="cut", spec=Scene("Two").shot("a boat").shot("a bird").to_dict(), calls=(CALL, CALL))
    id = add(gallery, b"both", key="cut", recipe=recipe, parts=(first.id, second.id)).id
    assert [take.id for take in gallery.open(id).by_shot] == [first.id, second.id]
    assert gallery.open(id).forgotten == ()

    gallery.forget(first.id)
    cut = gallery.open(id)
    assert cut.take_ids == (first.id, second.id)
    assert cut.forgotten == (first.id,)
    assert [take.id for take in cut.takes] == [second.id]
    assert cut.by_shot[0] is None
    assert f"takes forgotten: {first.id};" in repr(cut)
    board = cut.storyboard()
    assert board.takes == cut.by_shot
    assert "its take was forgotten" in str(board.html())


@pytest.mark.parametrize("id", ["", "%", "../x", "zz"])
def test_an_id_that_names_nothing_is_refused(gallery, id):
    add(gallery, b"1", key="1")
    add(gallery, b"2", key="2")
    with pytest.raises(UsageError):
        gallery.open(id)


def test_latents_come_back_exactly_and_a_damaged_file_counts_as_none(gallery):
    values = np.random.default_rng(1).normal(size=(16, 7, 12, 20)).astype(np.float32)
    gallery.put_latents("key", values)
    assert np.array_equal(gallery.latents("key"), values)
    file = gallery.folder / "latents" / "key.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    assert gallery.latents("key") is None


def test_prompts_and_latents_are_for_the_owner_alone(gallery):
    gallery.put_latents("key", np.zeros(3, np.float32))
    add(gallery, b"clip")
    for path in (gallery.folder / "index.sqlite", gallery.folder / "latents" / "key.safetensors"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    beside = [item for item in gallery.folder.rglob("*") if item.is_file() and not item.name.startswith("index.sqlite")]
    assert beside
    for item in beside:
        assert b"boat" not in item.read_bytes()
        assert "boat" not in item.name


def test_a_gallery_that_keeps_no_latents_writes_none(tmp_path):
    gallery = Gallery(tmp_path / "takes", keep_latents=False)
    gallery.prepare()
    gallery.put_latents("key", np.zeros(3, np.float32))
    assert gallery.latents("key") is None
    assert not list((gallery.folder / "latents").iterdir())


def test_many_threads_may_add_at_once(gallery):
    def work(number):
        add(Gallery(gallery.folder), f"clip {number}".encode(), key=f"{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gallery) == 16


def test_a_damaged_index_is_named_and_not_overwritten(gallery):
    (gallery.folder / "index.sqlite").write_bytes(b"not a database at all, but long enough to be looked at" * 50)
    with pytest.raises(StorageError, match="index"):
        gallery.takes()


def test_an_index_that_another_program_holds_is_not_called_damaged(gallery, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: connect(path, timeout=0.01))
    holder = connect(gallery.folder / "index.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked") as caught:
        add(gallery, b"clip")
    assert "try again" in caught.value.hint
    assert list(gallery.folder.glob("*.mp4")) == []
    holder.close()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):  # the superuser may write everywhere; a file in the way stops anybody
        locked = tmp_path / "file"
        locked.write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be written"):
        Gallery(locked / "takes").prepare()


def test_reading_an_empty_gallery_makes_no_folder(tmp_path):
    gallery = Gallery(tmp_path / "none")
    assert gallery.takes() == []
    assert gallery.find("k") is None
    assert len(gallery) == 0
    assert not gallery.folder.exists()


def test_the_index_is_written_ahead_so_that_readers_never_wait(gallery):
    mode = sqlite3.connect(gallery.folder / "index.sqlite").execute("PRAGMA journal_mode").fetchone()[0]
    assert mode == "wal"


def test_a_file_whose_row_cannot_be_written_does_not_stay(gallery, monkeypatch):
    monkeypatch.setattr(Gallery, "_open", lambda self: (_ for _ in ()).throw(StorageError("the index is locked")))
    with pytest.raises(StorageError, match="locked"):
        add(gallery, b"clip")
    assert list(gallery.folder.glob("*.mp4")) == []


def test_takes_are_found_after_the_notebook_has_changed_its_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    gallery = Gallery()
    gallery.prepare()
    take = add(gallery, b"clip")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert take.path.read_bytes() == b"clip"
    assert gallery.find("k").id == take.id


def test_a_copy_that_is_interrupted_leaves_nothing(gallery, tmp_path, monkeypatch):
    take = add(gallery, b"clip")

    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        take.save(tmp_path / "out" / "copy.mp4")
    assert list((tmp_path / "out").iterdir()) == []
