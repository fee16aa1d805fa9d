from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from wan_sdk.errors import MediaError, StorageError
from wan_sdk.media.encode import ClipWriter, encode_mp4, jpeg_bytes, poster, write_bytes, write_png
from wan_sdk.media.frames import Frames
from wan_sdk.media.probe import probe
from wan_sdk.media.read import read_video

from .conftest import moving_clip


def test_the_same_frames_give_the_same_bytes(clip: Frames, tmp_path: Path) -> None:
    encode_mp4(clip, tmp_path / "a.mp4")
    time.sleep(1.1)  # a time stamp in the file would differ by now
    encode_mp4(clip, tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_what_is_written_is_read_back_in_its_colours(tmp_path: Path) -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 120, 40], [255, 255, 255], [0, 0, 0]], np.uint8)
    flat = np.broadcast_to(colours[:, None, None], (6, 64, 96, 3))
    encode_mp4(Frames(flat, 24), tmp_path / "colours.mp4", crf=10)
    back = read_video(tmp_path / "colours.mp4")
    assert np.abs(back.pixels[:, 32, 48].astype(int) - colours).max() <= 3


def test_the_file_says_how_browsers_are_to_play_it(clip_file: Path) -> None:
    with av.open(str(clip_file)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert "creation_time" not in container.metadata
    data = clip_file.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"Lavf" not in data


def test_a_clip_written_in_pieces_is_the_clip_written_at_once(clip: Frames, clip_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "pieces.mp4"
    with ClipWriter(target, width=clip.width, height=clip.height, fps=clip.fps) as writer:
        writer.write(clip.pixels[:5])
        writer.write(clip.pixels[5])
        writer.write(clip.pixels[6:])
        assert not target.exists()
    assert target.read_bytes() == clip_file.read_bytes()


def test_tags_are_kept_whatever_their_key(clip: Frames, tmp_path: Path) -> None:
    encode_mp4(clip, tmp_path / "tagged.mp4", tags={"title": "Harbour", "AIGC": '{"Label":"1"}'})
    with av.open(str(tmp_path / "tagged.mp4")) as container:
        assert container.metadata["AIGC"] == '{"Label":"1"}'
        assert container.metadata["title"] == "Harbour"


@pytest.mark.parametrize("fps", [8, 12.5, 16, 23.976, 24, 29.97, 30, 59.94])
def test_speed_survives(tmp_path: Path, fps: float) -> None:
    encode_mp4(moving_clip(10, 32, 32, fps), tmp_path / "speed.mp4")
    assert probe(tmp_path / "speed.mp4").fps == pytest.approx(fps, abs=2e-4)


@pytest.mark.parametrize(("width", "height"), [(95, 64), (96, 63), (0, 64)])
def test_odd_sizes_are_refused_with_the_nearest_even_one(tmp_path: Path, width: int, height: int) -> None:
    with pytest.raises(MediaError, match="even") as caught:
        ClipWriter(tmp_path / "odd.mp4", width=width, height=height, fps=12)
    assert "fit(pixels" in (caught.value.hint or "")


def test_frames_of_another_size_are_refused_and_leave_nothing(clip: Frames, tmp_path: Path) -> None:
    with (
        pytest.raises(MediaError, match="96x62"),
        ClipWriter(tmp_path / "x.mp4", width=96, height=62, fps=12) as writer,
    ):
        writer.write(clip.pixels)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_without_frames_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="at least one frame"):
        encode_mp4(Frames(np.zeros((0, 64, 64, 3), np.uint8), 12), tmp_path / "none.mp4")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_encoding_leaves_what_was_there(clip: Frames, tmp_path: Path) -> None:
    target = tmp_path / "kept.mp4"
    target.write_bytes(b"yesterday")

    def interrupted() -> None:
        with ClipWriter(target, width=96, height=64, fps=12) as writer:
            writer.write(clip.pixels)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == b"yesterday"
    assert [item.name for item in tmp_path.iterdir()] == ["kept.mp4"]


def test_a_missing_folder_is_a_storage_error(clip: Frames, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="folder does not exist"):
        encode_mp4(clip, tmp_path / "nowhere" / "clip.mp4")


def test_a_folder_in_the_way_is_a_storage_error(clip: Frames, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        encode_mp4(clip, tmp_path / "clip.mp4")
    assert [item.name for item in tmp_path.iterdir()] == ["clip.mp4"]


ENCODE_NOISE = """
    import sys, resource
    import numpy as np
    from wan_sdk.errors import StorageError
    from wan_sdk.media.encode import ClipWriter
    noise = np.random.default_rng(0).integers(0, 256, (40, 128, 192, 3), dtype=np.uint8)
"""


@pytest.mark.parametrize("limit", [1_000, 100_000, 600_000])
def test_a_full_disk_is_a_storage_error_and_leaves_nothing(tmp_path: Path, limit: int) -> None:
    code = textwrap.dedent(ENCODE_NOISE) + textwrap.dedent(f"""
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        try:
            with ClipWriter("full.mp4", width=192, height=128, fps=12) as writer:
                writer.write(noise)
        except StorageError as problem:
            print(problem)
    """)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "the disk is full; nothing was written" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_kill_9_while_encoding_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    code = textwrap.dedent(ENCODE_NOISE) + textwrap.dedent("""
        with ClipWriter("killed.mp4", width=192, height=128, fps=12) as writer:
            while True:
                writer.write(noise)
                print("writing", flush=True)
    """)
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    assert worker.stdout.readline() == "writing\n"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    assert not (tmp_path / "killed.mp4").exists()


def test_pictures_are_written_and_read_back(clip: Frames, tmp_path: Path) -> None:
    write_png(clip.pixels[3], tmp_path / "frame.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "frame.png")), clip.pixels[3])
    assert jpeg_bytes(poster(clip)).startswith(b"\xff\xd8")
    assert len(jpeg_bytes(poster(clip), quality=30)) < len(jpeg_bytes(poster(clip), quality=95))


def test_bytes_replace_a_file_at_once(tmp_path: Path) -> None:
    write_bytes(b"one", tmp_path / "file")
    write_bytes(b"two", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"two"
    assert len(list(tmp_path.iterdir())) == 1
