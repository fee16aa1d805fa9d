"""Polar(512, 80) with successive-cancellation list decoding: the code that spells the id.

Rows are chosen by polarisation weight with beta = 2 ** (1/4) (He and others, "Beta-expansion", 2017).
The list decoder (Tal and Vardy, 2015) walks the tree of halves; subtrees without information and
subtrees that repeat one bit are answered at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from wan_sdk.marking.watermark import payload

LENGTH = 512
LIST = 32


@lru_cache(maxsize=4)
def information_rows(count: int) -> np.ndarray:
    """Return the rows that carry information, in rising order."""
    binary = (np.arange(LENGTH)[:, None] >> np.arange(9)) & 1
    weight = (binary * 2.0 ** (np.arange(9) / 4)).sum(1)
    return np.sort(np.argsort(weight, kind="stable")[LENGTH - count :])


def encode(bits: np.ndarray) -> np.ndarray:
    """Return the code word of some bits: uint8 [512]."""
    word = np.zeros(LENGTH, np.uint8)
    word[information_rows(len(bits))] = bits
    return _transform(word)


@lru_cache(maxsize=1)
def _by_byte() -> np.ndarray:
    """Return the packed code word of each value of each byte of an id: uint8 [8, 256, 64]."""
    table = np.zeros((8, 256, LENGTH // 8), np.uint8)
    zero = encode(payload.to_bits(0))
    for place in range(8):
        for bit in range(8):
            word = np.packbits(encode(payload.to_bits(1 << (8 * (7 - place) + bit))) ^ zero)
            has = (np.arange(256) >> bit & 1).astype(bool)
            table[place, has] ^= word
    table[0] ^= np.packbits(zero)
    return table


def correlate(ids: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """Return the sum of the soft bits, each with its sign in the code word of each id: float32 [n].

    Args:
      ids: uint64 [n].
      soft: Positive for a 0, float [512].
    """
    digits = np.ascontiguousarray(ids, ">u8").view(np.uint8).reshape(-1, 8)
    table = _by_byte()
    words = table[0][digits[:, 0]]
    for place in range(1, 8):
        words ^= table[place][digits[:, place]]
    signs = 1.0 - 2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    scores = (soft.reshape(-1, 8) @ signs.T).astype(np.float32)
    total = np.zeros(len(ids), np.float32)
    for place, of_byte in enumerate(scores):
        total += of_byte[words[:, place]]
    return total


def _transform(word: np.ndarray) -> np.ndarray:
    """Multiply by the polar matrix, over the last axis; it is its own inverse."""
    word = word.copy()
    half = 1
    while half < LENGTH:
        pairs = word.reshape(*word.shape[:-1], -1, 2, half)
        pairs[..., 0, :] ^= pairs[..., 1, :]
        half *= 2
    return word


def decode(llr: np.ndarray, count: int, accept: Callable[[np.ndarray], int | None], paths: int = LIST) -> int | None:
    """Return the first accepted word of the list, the likeliest first, or None.

    Args:
      llr: log P(0)/P(1) of each code bit, float [512].
      count: How many information bits the word has.
      accept: Called with the bits, uint8 [count]; returns what they spell, or None to refuse.
      paths: Length of the list.
    """
    return decode_each(np.asarray(llr)[None], count, accept, paths)[0]


def decode_each(
    llr: np.ndarray, count: int, accept: Callable[[np.ndarray], int | None], paths: int = LIST
) -> list[int | None]:
    """Decode words side by side, float [words, 512], each as `decode` does it: all walk the same tree."""
    rows = information_rows(count)
    frozen = np.ones(LENGTH, bool)
    frozen[rows] = False
    several = len(llr)
    words, metric, _ = _walk(np.asarray(llr, np.float32), np.zeros(several, np.float32), frozen, several, paths)
    bits = _transform(words)[:, rows].reshape(several, -1, count)
    order = np.argsort(metric.reshape(several, -1), axis=1, kind="stable")
    return [_first(bits[number, order[number]], accept) for number in range(several)]


def _first(words: np.ndarray, accept: Callable[[np.ndarray], int | None]) -> int | None:
    return next((spelled for spelled in map(accept, words) if spelled is not None), None)


def _walk(
    llr: np.ndarray, metric: np.ndarray, frozen: np.ndarray, several: int, paths: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decode one subtree for all paths: its words, the paths' costs, and which path each came from.

    The paths of `several` words, as many of each, lie one word after the other.
    """
    size = llr.shape[1]
    free = size - int(np.count_nonzero(frozen))
    if free == 0:
        return np.zeros(llr.shape, np.uint8), metric + _cost(llr), np.arange(len(llr))
    if free == 1 and not frozen[-1]:
        return _fork(llr, metric, several, paths)
    half = size // 2
    first, second = llr[:, :half], llr[:, half:]
    left, metric, came = _walk(_either(first, second), metric, frozen[:half], several, paths)
    right_llr = second[came] + np.where(left, -first[came], first[came])
    right, metric, back = _walk(right_llr, metric, frozen[half:], several, paths)
    left = left[back]
    return np.concatenate([left ^ right, right], 1), metric, came[back]


def _fork(llr: np.ndarray, metric: np.ndarray, several: int, paths: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split every path into the words 00...0 and 11...1, and keep the best of each word that is decoded."""
    before = len(llr) // several
    doubt = _doubt(llr)
    costs = (metric + (np.maximum(against, 0) + doubt).sum(1) for against in (-llr, llr))
    both = np.concatenate([cost.reshape(several, before) for cost in costs], 1)
    if 2 * before <= paths:
        keep = np.tile(np.arange(2 * before), (several, 1))
    else:
        keep = np.argpartition(both, paths - 1, axis=1)[:, :paths]
    ones = (keep >= before).ravel()
    words = np.repeat(ones.astype(np.uint8)[:, None], llr.shape[1], axis=1)
    first = np.arange(several)[:, None] * before
    return words, both.ravel()[(2 * first + keep).ravel()], (first + keep % before).ravel()


def _cost(llr: np.ndarray) -> np.ndarray:
    """Return what it costs that every bit is 0: the sum of log(1 + exp(-llr))."""
    return (np.maximum(-llr, 0) + _doubt(llr)).sum(1)


def _doubt(llr: np.ndarray) -> np.ndarray:
    """Return what it costs that a bit is the likelier of both: log(1 + exp(-|llr|))."""
    return np.log1p(np.exp(-np.abs(llr)))


def _either(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the log-ratio of the sum of two bits."""
    low = np.minimum(np.abs(a), np.abs(b))
    mend = np.log1p(np.exp(-np.abs(a + b))) - np.log1p(np.exp(-np.abs(a - b)))
    return np.sign(a) * np.sign(b) * low + mend
