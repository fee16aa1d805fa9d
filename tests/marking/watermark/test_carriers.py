"""The same key draws the same carriers everywhere: these numbers are published for ports."""

import hashlib

import numpy as np
import pytest

from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import carriers, keys, payload, polar

PAYLOAD = 0x4C1F00000000ABCD


def words(waves):
    return np.round(waves.phase * 65536 / (2 * np.pi)).astype("<u2").tobytes()


def test_public_key_and_its_carriers_are_the_published_ones():
    waves = carriers.carriers()
    assert keys.PUBLIC_KEY.hex() == "d36967825ca9bf45400551242d6103a896a1f657b02b05fd83e54caa9c02eea7"
    assert (len(waves.kx), waves.pilot.sum()) == (19294, 4823)
    assert (
        hashlib.sha256(words(waves)).hexdigest() == "279fe58875aac479f46f938cad969185ef7af04c2c5a60fc8da6ec52b3191013"
    )
    roles = hashlib.sha256(waves.bit.astype("<i2").tobytes()).hexdigest()
    assert roles == "4b5a8c1cf0452b544fb414a91ea879bb938c75255e6ac56d7957d8cdac876cb8"


def test_another_key_and_variant_are_the_published_ones():
    key = bytes(range(32))
    waves = carriers.carriers(key, 1)
    assert (
        hashlib.sha256(words(waves)).hexdigest() == "bc4e7bad11396153de7f4046e0ba8671ceecaf76c2e601074544002b782f7fce"
    )
    assert keys.key_id(key) == "ssw1-ff6dc8098c0299f6"
    plain = carriers.carriers(key)
    assert np.array_equal(plain.phase[~plain.pilot], waves.phase[~plain.pilot])
    assert not np.array_equal(plain.phase[plain.pilot], waves.phase[plain.pilot])


def test_code_word_is_the_published_one():
    code = polar.encode(payload.to_bits(PAYLOAD))
    assert np.packbits(code).tobytes().hex() == (
        "252da3d68f87097c252da3d68f87097cf1f977025b53dda8f1f977025b53dda8"
        "bc4b3ab016e1901abc4b3ab016e1901a689fee64c23544ce689fee64c23544ce"
    )


def test_pattern_is_the_published_one():
    drawn = carriers.pattern(carriers.carriers(), polar.encode(payload.to_bits(PAYLOAD)), 96, 160)
    assert np.allclose(drawn[0, :4], [-0.05456403, -1.8081659, 0.85185176, 0.08954559], atol=2e-4)
    assert np.allclose(drawn[48, 80:84], [-1.8909134, 0.39702395, 0.22089256, 1.2388324], atol=2e-4)


@pytest.mark.parametrize("size", [(64, 64), (65, 111), (96, 300), (300, 96)])
def test_pattern_is_the_sum_of_its_waves(size):
    height, width = size
    waves = carriers.carriers()
    code = polar.encode(payload.to_bits(PAYLOAD))
    drawn = carriers.pattern(waves, code, height, width)
    short = min(size)
    fits = (waves.kx < short) & (np.abs(waves.ky) < short)
    rows, columns = np.array([0, 3, height // 2, height - 1]), np.array([0, 5, width // 3, width - 1])
    x, y = (columns + 0.5 - width / 2) / short, (rows + 0.5 - height / 2) / short
    angle = waves.phase + np.pi * (np.multiply.outer(x, waves.kx) + np.multiply.outer(y, waves.ky))
    expected = (np.cos(angle) * waves.signs(code) * fits).sum(1)
    seen = drawn[rows, columns]
    assert np.corrcoef(seen, expected)[0, 1] > 0.999999
    assert drawn.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("key", [b"short", "a" * 32, b"", 7])
def test_a_key_of_the_wrong_kind_is_refused(key):
    with pytest.raises(UsageError, match="32 bytes"):
        carriers.carriers(key if isinstance(key, bytes | str) else keys.checked(key))
