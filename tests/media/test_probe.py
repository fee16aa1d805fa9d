from __future__ import annotations

import hashlib
import os
import struct
import wave
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from wan_sdk.errors import MediaError
from wan_sdk.media.encode import encode_mp4
from wan_sdk.media.frames import Frames
from wan_sdk.media.probe import probe
from wan_sdk.media.read import read_image, read_video

from .conftest import moving_clip


def test_a_clip_is_described_as_it_is(clip: Frames, clip_file: Path) -> None:
    info = probe(clip_file)
    assert (info.kind, info.width, info.height, info.frames, info.fps) == ("video", 96, 64, 24, 12)
    assert info.seconds == pytest.approx(2.0)
    assert (info.codec, info.has_audio, info.variable_fps) == ("h264", False, False)
    assert info.sha256 == hashlib.sha256(clip_file.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_pictures_are_known_by_content_not_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "liar.mp4"
    Image.new("RGB", (40, 30)).save(path, name)
    info = probe(path)
    assert (info.kind, info.width, info.height, info.frames, info.codec) == ("image", 40, 30, 1, name.lower())


def test_a_clip_called_png_is_a_clip(clip_file: Path, tmp_path: Path) -> None:
    liar = tmp_path / "liar.png"
    liar.write_bytes(clip_file.read_bytes())
    assert probe(liar).kind == "video"
    with pytest.raises(MediaError, match="is a video, not a picture"):
        read_image(liar)


@pytest.mark.parametrize("extension", ["gif", "png"])
def test_animated_pictures_are_clips(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"moving.{extension}"
    pictures = [Image.fromarray(picture) for picture in moving_clip(6).pixels]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    info = probe(path)
    assert (info.kind, info.frames, info.fps) == ("video", 6, pytest.approx(10))
    assert read_video(path).pixels.shape == (6, 64, 96, 3)


def write_sound(path: Path, seconds: float = 0.5) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * int(8000 * seconds))


def test_a_sound_is_a_sound(tmp_path: Path) -> None:
    write_sound(tmp_path / "tone.wav")
    info = probe(tmp_path / "tone.wav")
    assert (info.kind, info.has_audio, info.width, info.frames) == ("audio", True, 0, 0)
    assert info.seconds == pytest.approx(0.5, abs=0.05)
    with pytest.raises(MediaError, match="is an audio, not a clip"):
        read_video(tmp_path / "tone.wav")


def test_a_clip_with_sound_says_so(clip: Frames, tmp_path: Path) -> None:
    path = tmp_path / "talkie.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=12)
        video.width, video.height, video.pix_fmt = clip.width, clip.height, "yuv420p"
        audio = container.add_stream("aac", rate=44100)
        for picture in clip.pixels:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44100
        container.mux(audio.encode(silence))
        container.mux(audio.encode(None))
    info = probe(path)
    assert (info.kind, info.frames, info.has_audio) == ("video", 24, True)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_phone_clip_stands_upright(clip: Frames, tmp_path: Path, turn: int) -> None:
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
        stream.set_display_rotation(turn)
        for picture in clip.pixels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    upright = read_video(path)
    info = probe(path)
    assert (info.width, info.height) == (upright.width, upright.height)
    expected = np.rot90(clip.pixels[0], turn // 90)
    assert upright.pixels[0].shape == expected.shape
    assert np.abs(upright.pixels[0].astype(int) - expected).mean() < 12


class TestRefusals:
    @pytest.fixture(params=[probe, read_image, read_video])
    def reader(self, request: pytest.FixtureRequest) -> object:
        return request.param

    def test_missing(self, tmp_path: Path, reader) -> None:
        (tmp_path / "walk.mov").write_bytes(b"x")
        with pytest.raises(MediaError, match="there is no such file") as caught:
            reader(tmp_path / "walk.mp4")
        assert "walk.mov" in (caught.value.hint or "")

    def test_folder(self, tmp_path: Path, reader) -> None:
        with pytest.raises(MediaError, match="is a folder"):
            reader(tmp_path)

    def test_empty(self, tmp_path: Path, reader) -> None:
        (tmp_path / "empty.png").touch()
        with pytest.raises(MediaError, match="is empty"):
            reader(tmp_path / "empty.png")

    def test_pipe(self, tmp_path: Path, reader) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(MediaError, match="is a pipe or device"):
            reader(tmp_path / "pipe")

    def test_a_name_that_no_system_has(self, reader) -> None:
        with pytest.raises(MediaError, match="cannot be read"):
            reader("a\0b.png")
        with pytest.raises(MediaError, match="cannot be read"):
            reader("x" * 5000)

    @pytest.mark.parametrize(
        "content",
        [
            b"hello, I am text\n" * 100,
            b"<html><body>404</body></html>",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
            b"ffconcat version 1.0\nfile /etc/passwd\n",
            b"%PDF-1.7\n",
            bytes(range(256)) * 40,
        ],
    )
    def test_no_media(self, tmp_path: Path, reader, content: bytes) -> None:
        (tmp_path / "clip.mp4").write_bytes(content)
        with pytest.raises(MediaError) as caught:
            reader(tmp_path / "clip.mp4")
        assert caught.value.hint

    def test_30000_pixels(self, tmp_path: Path, reader) -> None:
        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
        rows = zlib.compress(b"\0" * 3751 * 30_000, 9)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
        (tmp_path / "bomb.png").write_bytes(data)
        with pytest.raises(MediaError, match="at most 16384 a side"):
            reader(tmp_path / "bomb.png")

    def test_too_long_a_side(self, tmp_path: Path, reader) -> None:
        Image.new("L", (16_385, 4)).save(tmp_path / "long.png")
        with pytest.raises(MediaError, match="16385x4"):
            reader(tmp_path / "long.png")

    @pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF"])
    def test_truncated_pictures(self, tmp_path: Path, reader, name: str) -> None:
        whole = tmp_path / "whole"
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(whole, name)
        data = whole.read_bytes()
        for keep in (len(data) // 2, len(data) * 9 // 10):
            (tmp_path / "half").write_bytes(data[:keep])
            with pytest.raises(MediaError) as caught:
                reader(tmp_path / "half")
            assert caught.value.hint

    @pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.98])
    def test_truncated_clips(self, tmp_path: Path, clip_file: Path, reader, share: float) -> None:
        data = clip_file.read_bytes()
        (tmp_path / "half.mp4").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(MediaError):
            reader(tmp_path / "half.mp4")


def test_a_truncated_matroska_is_found_out_by_its_promised_length(tmp_path: Path) -> None:
    path = tmp_path / "long.mkv"
    frames = moving_clip(60, fps=12)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = frames.width, frames.height, "yuv420p"
        for picture in frames.pixels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    assert probe(path).frames == 60
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match=r"breaks off|truncated"):
        probe(path)


def test_random_damage_gives_an_answer_or_a_typed_error(tmp_path: Path, clip_file: Path) -> None:
    rng = np.random.default_rng(7)
    data = np.frombuffer(clip_file.read_bytes(), np.uint8)
    answers = 0
    for _ in range(60):
        broken = data.copy()
        where = rng.integers(0, len(broken), 8)
        broken[where] = rng.integers(0, 256, 8)
        (tmp_path / "broken.mp4").write_bytes(broken.tobytes())
        try:
            probe(tmp_path / "broken.mp4")
            answers += 1
        except MediaError as problem:
            assert problem.hint
    assert answers < 60


def test_a_colon_in_a_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    encode_mp4(moving_clip(3), "http:x.mp4")
    assert probe("http:x.mp4").frames == 3
