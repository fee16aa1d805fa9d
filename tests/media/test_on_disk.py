import errno
import tempfile

import numpy as np
import pytest

from wan_sdk.errors import StorageError
from wan_sdk.media.on_disk import kept_on_disk


def test_pieces_come_back_as_one_array_and_no_file_is_to_be_seen(tmp_path):
    pieces = [np.full((count, 4, 6, 3), count, np.uint8) for count in (1, 3, 2)]
    pieces.insert(1, pieces[1][:0])
    seen = []

    def one_by_one():
        for piece in pieces:
            yield piece
            seen.append(list(tmp_path.iterdir()))

    kept = kept_on_disk(one_by_one(), tmp_path)
    np.testing.assert_array_equal(kept, np.concatenate(pieces))
    assert seen == [[]] * 4
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_typed_error(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *problem):
            pass

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_options: Full())
    with pytest.raises(StorageError):
        kept_on_disk([np.zeros((1, 4, 4, 3), np.uint8)], tmp_path)
    with pytest.raises(StorageError):
        monkeypatch.undo()
        kept_on_disk([np.zeros((1, 4, 4, 3), np.uint8)], tmp_path / "missing")
