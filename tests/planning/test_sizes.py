import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk import models
from wan_sdk.errors import SizeNotSupported
from wan_sdk.planning import sizes
from wan_sdk.spec import Size

A14B, I2V, NANO, B5 = (models.get(key) for key in ("wan2.2-t2v-a14b", "wan2.2-i2v-a14b", "nano", "wan2.2-ti2v-5b"))
RUNNABLE = [model for model in models.catalogue() if model.runnable]


@pytest.mark.parametrize(
    ("asked", "model", "picture", "size"),
    [
        (None, A14B, None, (832, 480)),
        ("480p", A14B, None, (832, 480)),
        ("720p", A14B, None, (1280, 720)),
        ("1080p", A14B, None, (1280, 720)),
        ("16:9", A14B, None, (832, 480)),
        ("9:16", A14B, None, (480, 832)),
        ("1:1", A14B, None, (624, 624)),
        (Size(832, 480), A14B, None, (832, 480)),
        (Size(640, 640), A14B, None, (640, 640)),
        ("480p", NANO, None, (320, 192)),
        ("9:16", NANO, None, (192, 320)),
        ("1:1", NANO, None, (240, 240)),
        ("4:3", NANO, None, (320, 192)),
        (Size(160, 96), NANO, None, (160, 96)),
        (Size(480, 288), NANO, None, (160, 96)),
        (Size(640, 384), NANO, None, (320, 192)),
        (Size(384, 640), NANO, None, (192, 320)),
        (Size(240, 240), NANO, None, (240, 240)),
        (Size(480, 480), NANO, None, (240, 240)),
        ("480p", B5, None, (1280, 704)),
        ("9:16", B5, None, (704, 1280)),
        (None, I2V, (1920, 1080), (832, 464)),
        ("720p", I2V, (1080, 1920), (720, 1280)),
        ("16:9", I2V, (1000, 1000), (832, 464)),
        (None, B5, (1000, 1000), (928, 928)),
        (Size(928, 928), B5, (1000, 1000), (928, 928)),
        (None, A14B, (1080, 1920), (480, 832)),
        ("720p", A14B, (1080, 1920), (720, 1280)),
        (None, NANO, (1080, 1920), (192, 320)),
        (None, NANO, (1000, 1000), (240, 240)),
        ("480p", NANO, (1920, 1080), (320, 192)),
        (None, I2V, (30_000, 10), (1248, 304)),
    ],
)
def test_sizes(asked, model, picture, size):
    assert sizes.size_for(asked, model, picture=picture) == size


@pytest.mark.parametrize(
    ("asked", "model", "hint"),
    [
        (Size(1280, 720), B5, "1280x704"),
        (Size(720, 1280), B5, "704x1280"),
        (Size(832, 480), NANO, "320x192 (delivered at 640x384)"),
        (Size(500, 300), NANO, "160x96 (delivered at 480x288)"),
        (Size(720, 720), NANO, "240x240 (delivered at 480x480)"),
        (Size(854, 480), A14B, "848x480"),
        (Size(1920, 1088), A14B, "1280x720"),
        (Size(64, 64), A14B, "the nearest is"),
        (Size(1600, 256), A14B, "the nearest is"),
        (Size(16_384, 1), A14B, "the nearest is"),
    ],
)
def test_a_size_that_the_model_does_not_make_is_refused_with_the_nearest(asked, model, hint):
    with pytest.raises(SizeNotSupported) as caught:
        sizes.size_for(asked, model, where="Shot 'pier'")
    assert str(caught.value).startswith(f"Shot 'pier': size is {asked.width}x{asked.height}; {model.key} makes")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("size", "model", "delivered", "by"),
    [
        ((320, 192), NANO, (640, 384), "upscaler"),
        ((192, 320), NANO, (384, 640), "upscaler"),
        ((240, 240), NANO, (480, 480), "upscaler"),
        ((160, 96), NANO, (480, 288), "lanczos"),
        ((320, 192), NANO.changed(upscaler=False), (640, 384), "lanczos"),
        ((320, 272), NANO, (640, 544), "upscaler"),
        ((320, 288), NANO, (320, 288), None),
        ((832, 480), A14B, (832, 480), None),
        ((304, 240), A14B, (608, 480), "lanczos"),
        ((32, 32), A14B.changed(delivered_lines=0), (256, 256), "lanczos"),
    ],
)
def test_small_frames_are_delivered_larger(size, model, delivered, by):
    assert sizes.delivered(size, model) == delivered
    assert sizes.enlarged_by(size, model) == by
    assert sizes.factor_for(size, model) == delivered[0] // size[0]


@pytest.mark.parametrize("model", models.catalogue(), ids=lambda model: model.key)
def test_a_delivered_size_names_one_native_size(model):
    assert len({sizes.delivered(size, model) for size in model.sizes}) == len(model.sizes)
    assert all(sizes.size_for(Size(*sizes.delivered(size, model)), model) == size for size in model.sizes)


SIZES = st.one_of(
    st.none(),
    st.sampled_from(["480p", "720p", "1080p"]),
    st.builds(lambda w, h: f"{w}:{h}", st.integers(1, 99), st.integers(1, 99)),
    st.builds(Size, st.integers(1, 16_384), st.integers(1, 16_384)),
)
PICTURES = st.one_of(st.none(), st.tuples(st.integers(1, 16_384), st.integers(1, 16_384)))


@given(SIZES, st.sampled_from(RUNNABLE), PICTURES)
def test_what_comes_out_is_always_legal(asked, model, picture):
    try:
        width, height = sizes.size_for(asked, model, picture=picture)
    except SizeNotSupported as refusal:
        assert isinstance(asked, Size)
        assert "nearest is" in refusal.hint
        return
    assert width % model.align == 0
    assert height % model.align == 0
    areas = [w * h for w, h in model.sizes]
    assert 0.2 * min(areas) <= width * height <= 1.05 * max(areas)
    if isinstance(asked, Size):
        assert sizes.is_what_was_asked(asked, (width, height), model)
    if model.sizes_only and not picture:
        assert (width, height) in model.sizes


@given(st.integers(256, 4096), st.integers(256, 4096))
def test_an_area_model_follows_the_shape_of_the_picture(width, height):
    got = sizes.size_for(None, I2V, picture=(width, height))
    shape = min(max(width / height, 1 / sizes.LONGEST_SHAPE), sizes.LONGEST_SHAPE)
    assert abs(math.log(got[0] / got[1] / shape)) < 16 / min(got) + 0.01
    assert got[0] * got[1] <= 832 * 480
