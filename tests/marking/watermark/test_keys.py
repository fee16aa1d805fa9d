import os
import stat

import pytest

from wan_sdk.errors import MarkingError, StorageError, UsageError
from wan_sdk.marking.watermark import keys


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WAN_SDK_HOME", str(tmp_path))
    return tmp_path


def test_derivation_is_rfc_5869():
    derived = keys.hkdf(b"\x0b" * 22, b"", 42)
    assert derived.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"


def test_a_private_key_is_kept_for_its_owner_alone(home):
    assert keys.current() is None
    key = keys.create()
    (file,) = (home / "keys" / "watermark").iterdir()
    assert keys.current() == key
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_epochs_stay():
    first, second = keys.create("studio"), keys.create("studio")
    assert keys.every("studio") == [second, first]
    assert keys.current("studio") == second
    assert keys.every("other") == []


def test_ids_tell_keys_apart_without_showing_them():
    one, two = keys.create("a"), keys.create("b")
    assert len({keys.key_id(), keys.key_id(one), keys.key_id(two)}) == 3
    assert one.hex()[:8] not in keys.key_id(one)


@pytest.mark.parametrize("name", ["", "../evil", "Name", "a b", "x" * 50])
def test_a_name_that_is_no_plain_word_is_refused(name):
    with pytest.raises(UsageError, match="cannot name a key"):
        keys.create(name)


@pytest.mark.parametrize("content", ["", "zz", "00" * 31])
def test_a_damaged_key_is_said_to_be(home, content):
    keys.create("studio")
    (file,) = (home / "keys" / "watermark").iterdir()
    file.write_text(content)
    with pytest.raises(MarkingError, match="key"):
        keys.current("studio")


def test_a_folder_that_cannot_be_written_is_said_to_be(home):
    (home / "keys").write_text("in the way")
    with pytest.raises(StorageError, match="could not be kept"):
        keys.create()
