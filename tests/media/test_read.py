from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms

from wan_sdk.errors import MediaError
from wan_sdk.media.encode import encode_mp4
from wan_sdk.media.frames import Frames
from wan_sdk.media.probe import probe
from wan_sdk.media.read import iter_frames, read_image, read_video


def test_exif_orientation_is_honoured(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("red", (0, 0, 20, 20))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to stand upright
    picture.save(tmp_path / "phone.png", exif=exif)
    upright = read_image(tmp_path / "phone.png")
    assert upright.shape == (40, 20, 3)
    assert upright[5, 10].tolist() == [255, 0, 0]
    assert upright[35, 10].tolist() == [255, 255, 255]
    info = probe(tmp_path / "phone.png")
    assert (info.width, info.height) == (20, 40)


def test_transparency_lies_over_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGBA", (4, 4), (255, 0, 0, 128)).save(tmp_path / "half.png")
    assert (read_image(tmp_path / "clear.png") == 255).all()
    assert read_image(tmp_path / "half.png")[0, 0].tolist() == [255, 127, 127]


def test_a_palette_with_a_clear_colour_lies_over_white(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 1), 1)
    picture.save(tmp_path / "palette.png", transparency=0)
    pixels = read_image(tmp_path / "palette.png")
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[1, 1].tolist() == [200, 100, 50]


def test_16_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 32768, np.uint16)).save(tmp_path / "deep.png")
    assert read_image(tmp_path / "deep.png")[0, 0].tolist() == [127, 127, 127]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (6, 4), "white").convert(mode).save(tmp_path / "x.tiff")
    pixels = read_image(tmp_path / "x.tiff")
    assert pixels.shape == (4, 6, 3)
    assert pixels.dtype == np.uint8
    assert pixels.min() > 250


def test_a_colour_profile_is_applied_and_a_broken_one_ignored() -> None:
    picture = Image.new("RGB", (4, 4), (200, 100, 50))
    picture.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.abs(read_image(picture)[0, 0].astype(int) - (200, 100, 50)).max() <= 1
    picture.info["icc_profile"] = b"not a profile"
    assert read_image(picture)[0, 0].tolist() == [200, 100, 50]


def test_arrays_are_pictures_too() -> None:
    assert read_image(np.full((4, 5), 9, np.uint8)).shape == (4, 5, 3)
    assert read_image(np.full((4, 5, 1), 9, np.uint8)).shape == (4, 5, 3)
    assert read_image(np.full((4, 5, 3), 0.5))[0, 0, 0] == 128
    assert read_image(np.full((4, 5, 3), 65535, np.uint16))[0, 0, 0] == 255
    given = np.zeros((4, 5, 3), np.uint8)
    assert read_image(given) is not given


@pytest.mark.parametrize(
    "bad",
    [
        np.full((4, 4, 3), np.nan),
        np.full((4, 4, 3), 200.0),
        np.zeros((3, 40, 50), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((4, 4, 3), np.int64),
    ],
)
def test_arrays_that_are_no_picture(bad: np.ndarray) -> None:
    with pytest.raises(MediaError) as caught:
        read_image(bad)
    assert caught.value.hint


def numbered_clip(path: Path, moments: list[float], *, codec: str = "libx264") -> None:
    """Write frame i in grey 10i at the moments given, in seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=1000, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, moment in enumerate(moments):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 10 * index, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(moment * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def numbers(frames: Frames) -> list[int]:
    return [round(float(picture.mean()) / 10) for picture in frames.pixels]


def test_uneven_frames_are_resampled_by_their_time_stamps(tmp_path: Path) -> None:
    numbered_clip(tmp_path / "uneven.mp4", [0.0, 0.1, 0.2, 0.6, 0.7, 0.8])
    assert probe(tmp_path / "uneven.mp4").variable_fps
    assert numbers(read_video(tmp_path / "uneven.mp4", fps=10))[:9] == [0, 1, 2, 2, 3, 3, 3, 4, 5]


def test_a_clip_is_read_frame_for_frame_at_its_own_speed(clip: Frames, clip_file: Path) -> None:
    back = read_video(clip_file)
    assert (len(back), back.fps) == (24, 12)
    assert np.abs(back.pixels.astype(int) - clip.pixels).mean() < 6
    assert sum(1 for _ in iter_frames(clip_file)) == 24
    assert np.array_equal(next(iter(iter_frames(clip_file))), back.pixels[0])


def test_another_speed_keeps_the_length(tmp_path: Path) -> None:
    numbered_clip(tmp_path / "ten.mp4", [index / 10 for index in range(10)])
    assert numbers(read_video(tmp_path / "ten.mp4", fps=5)) == [0, 2, 4, 6, 8]
    assert numbers(read_video(tmp_path / "ten.mp4", fps=20)) == [
        i // 2 if i % 2 == 0 else i // 2 + 1 for i in range(19)
    ] + [9]


def test_parts_are_read(clip_file: Path) -> None:
    whole = read_video(clip_file)
    assert np.array_equal(read_video(clip_file, frames=5).pixels, whole.pixels[:5])
    assert np.array_equal(read_video(clip_file, last=3).pixels, whole.pixels[-3:])
    assert np.array_equal(read_video(clip_file, start=1.0).pixels, whole.pixels[12:])
    assert np.array_equal(read_video(clip_file, start=0.5, frames=4, last=2).pixels, whole.pixels[8:10])


@pytest.mark.parametrize(
    "wrong", [{"start": 2.0}, {"start": -1}, {"fps": 0}, {"fps": float("nan")}, {"frames": 0}, {"last": 0}]
)
def test_parts_that_are_not_there(clip_file: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(MediaError):
        read_video(clip_file, **wrong)


def test_a_clip_that_would_not_fit_in_memory_is_refused_before_it_is_read(clip_file: Path) -> None:
    with pytest.raises(MediaError, match="GiB of memory") as caught:
        _read_hugely(clip_file)
    assert "iter_frames" in (caught.value.hint or "")


def _read_hugely(clip_file: Path) -> Frames:
    from wan_sdk.media import read

    original = read.MAX_DECODED_BYTES
    read.MAX_DECODED_BYTES = 1000
    try:
        return read_video(clip_file)
    finally:
        read.MAX_DECODED_BYTES = original


def test_odd_pixel_shapes_become_square(tmp_path: Path) -> None:
    path = tmp_path / "anamorphic.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 48, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    assert read_video(path).pixels.shape == (3, 32, 64, 3)
    assert probe(path).width == 64


def test_untagged_small_clips_are_taken_for_bt601(tmp_path: Path) -> None:
    path = tmp_path / "untagged.mp4"
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 220
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(red, format="rgb24").reformat(format="yuv420p", dst_colorspace="ITU601")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert np.abs(read_video(path).pixels[0, 16, 16].astype(int) - (220, 0, 0)).max() <= 4


def test_a_lossless_roundtrip_is_close(clip: Frames, tmp_path: Path) -> None:
    encode_mp4(clip, tmp_path / "fine.mp4", crf=0)
    assert np.abs(read_video(tmp_path / "fine.mp4").pixels.astype(int) - clip.pixels).mean() < 5
