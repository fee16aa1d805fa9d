"""What survives stripping, and likeness that survives encoding."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.marking.conftest import encode_again, film, remux
from wan_sdk.errors import MediaError
from wan_sdk.marking import essence
from wan_sdk.marking.essence import essence_of_clip, essence_of_picture, packet_sha256
from wan_sdk.marking.fingerprint import MATCH, PROBABLE, RESEMBLES, Fingerprint, distance, fingerprint_of, thumbnail
from wan_sdk.marking.sniff import sniff
from wan_sdk.media.encode import encode_mp4, write_png
from wan_sdk.media.frames import Frames


def likeness(frames: Frames) -> Fingerprint:
    return fingerprint_of([thumbnail(picture) for picture in frames.pixels], frames.fps)


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv"])
def test_packets_and_frames_survive_another_container(delivered, tmp_path, container) -> None:
    copy = remux(delivered.path, tmp_path / f"copy.{container}")
    assert packet_sha256(copy) == packet_sha256(delivered.path)
    assert essence_of_clip(copy).frames_sha256 == essence_of_clip(delivered.path).frames_sha256


def test_frames_survive_where_packets_do_not(delivered, tmp_path) -> None:
    copy = remux(delivered.path, tmp_path / "copy.ts")
    assert packet_sha256(copy) != packet_sha256(delivered.path)
    assert essence_of_clip(copy).frames_sha256 == essence_of_clip(delivered.path).frames_sha256


def test_another_encoding_is_another_essence_of_the_same_likeness(delivered, tmp_path) -> None:
    copy = encode_again(delivered.path, tmp_path / "copy.mp4", crf=23)
    ours, theirs = essence_of_clip(delivered.path), essence_of_clip(copy)
    assert ours.frames_sha256 != theirs.frames_sha256
    assert distance(theirs.fingerprint, ours.fingerprint) <= MATCH


def test_a_clip_that_is_too_long_is_looked_at_in_part_and_says_so(delivered, monkeypatch) -> None:
    monkeypatch.setattr(essence, "MAX_FRAMES", 5)
    part = essence_of_clip(delivered.path)
    assert (part.whole, part.frames, part.frames_sha256) == (False, 5, "")
    assert distance(part.fingerprint, delivered.fingerprint) <= PROBABLE


def test_damaged_clips_are_told_in_words(delivered, tmp_path) -> None:
    (tmp_path / "a.mp4").write_bytes(delivered.path.read_bytes()[:2000])
    with pytest.raises(MediaError):
        essence_of_clip(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_bytes(b"ftyp" * 100)
    with pytest.raises(MediaError):
        packet_sha256(tmp_path / "b.mp4")


def test_every_frame_of_a_short_clip_is_kept_and_of_a_long_one_one_a_second_at_least() -> None:
    assert len(likeness(film(1, count=24))) == 24
    still = thumbnail(film(1, count=1).pixels[0])
    assert len(fingerprint_of([still] * 5000, 24)) == 2048
    assert len(fingerprint_of([still] * 5000, 1)) == 5000


def test_fingerprints_survive_being_written() -> None:
    ours = likeness(film(1))
    again = Fingerprint.from_bytes(ours.to_bytes())
    assert again.hashes.tolist() == ours.hashes.tolist()
    assert len(Fingerprint.from_bytes(b"\x07newer")) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.with_pixels(np.stack([cv2.resize(p, None, fx=0.5, fy=0.5) for p in f.pixels])),
        lambda f: f.with_pixels(np.stack([cv2.GaussianBlur(p, (0, 0), 2) for p in f.pixels])),
        lambda f: f.with_pixels(np.clip(f.pixels * 1.3, 0, 255).astype(np.uint8)),
        lambda f: f.with_pixels(f.pixels[:, :, ::-1].copy()),
        lambda f: f.with_pixels(f.pixels[len(f.pixels) // 4 :]),
        lambda f: f.with_pixels(f.pixels[::2]),
        lambda f: f.with_pixels(f.pixels[:, 6:-6, 10:-10].copy()),
    ],
    ids=["half size", "blurred", "brighter", "mirrored", "trimmed", "half the frames", "5 % cropped"],
)
def test_what_looks_alike_is_near(change) -> None:
    for seed in range(4):
        ours = film(seed)
        assert distance(likeness(change(ours)), likeness(ours)) <= RESEMBLES


def test_what_looks_different_is_far() -> None:
    clips = [likeness(film(seed)) for seed in range(12)]
    apart = [distance(a, b) for a in clips for b in clips if a is not b]
    assert min(apart) > RESEMBLES


def test_blank_clips_are_like_nothing() -> None:
    blank = likeness(Frames(np.full((12, 64, 96, 3), 7, np.uint8), 12))
    assert len(blank) == 0
    assert distance(blank, blank) == 1.0


def test_a_picture_has_an_essence_too(tmp_path) -> None:
    picture = film(1).pixels[4]
    write_png(picture, tmp_path / "a.png")
    one = essence_of_picture(tmp_path / "a.png")
    assert one.frames == 1
    assert distance(one.fingerprint, likeness(film(1))) <= RESEMBLES


def test_content_tells_what_a_file_is(delivered, tmp_path) -> None:
    for suffix, mime_type in (("mp4", "video/mp4"), ("mov", "video/quicktime"), ("mkv", "video/x-matroska")):
        copy = remux(delivered.path, tmp_path / f"copy.{suffix}")
        assert sniff(copy.read_bytes()[:4096]) == mime_type
    encode_mp4(film(1, count=1), tmp_path / "clip.png")
    assert sniff((tmp_path / "clip.png").read_bytes()[:64]) == "video/mp4"
    assert sniff(b"#!/bin/sh") is None
