import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import payload, polar


def noisy(code, z, rng):
    """Soft bits of a word whose score over all carriers would be z."""
    return (1 - 2.0 * code) * z / np.sqrt(512) + rng.standard_normal(512)


def read(soft, z):
    return polar.decode(2 * z / np.sqrt(512) * soft, payload.CODED_BITS, payload.from_bits)


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=20, deadline=None)
def test_a_clean_word_comes_back(number):
    code = polar.encode(payload.to_bits(number))
    assert read((1 - 2.0 * code) * 3, 20) == number


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_word_with_a_fifth_of_its_bits_wrong_comes_back(number, seed):
    soft = noisy(polar.encode(payload.to_bits(number)), 19, np.random.default_rng(seed))
    assert read(soft, 19) == number


def test_decodes_where_the_design_says():
    rng = np.random.default_rng(1)
    good = sum(read(noisy(polar.encode(payload.to_bits(n)), 13, rng), 13) == n for n in range(30))
    assert good >= 27


@pytest.mark.parametrize("count", [1, 2, 9])
def test_words_side_by_side_are_what_each_is_alone(count):
    rng = np.random.default_rng(count)
    strengths = np.resize((11, 12, 20), count)
    words = [noisy(polar.encode(payload.to_bits(n)), z, rng) for n, z in enumerate(strengths)]
    together = polar.decode_each(np.stack(words), payload.CODED_BITS, payload.from_bits)
    assert together == [polar.decode(word, payload.CODED_BITS, payload.from_bits) for word in words]
    assert together[2::3] == list(range(2, count, 3))


def test_noise_alone_spells_hardly_anything():
    rng = np.random.default_rng(2)
    assert sum(read(rng.standard_normal(512), 5) is not None for _ in range(20)) <= 1


def test_the_map_is_linear_and_its_own_inverse():
    a, b = payload.to_bits(3), payload.to_bits(2**63 + 5)
    assert np.array_equal(polar.encode(a) ^ polar.encode(b), polar.encode(a ^ b))


@pytest.mark.parametrize("wrong", [-1, 2**64, True, 2**70])
def test_a_payload_out_of_range_is_refused(wrong):
    with pytest.raises(UsageError, match="64"):
        payload.to_bits(wrong)


def test_new_payloads_differ_and_carry_the_format():
    drawn = {payload.new_payload() for _ in range(50)}
    assert len(drawn) == 50
    assert {payload.payload_hex(p)[0] for p in drawn} == {"4"}
