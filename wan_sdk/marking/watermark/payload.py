"""The 64 bits that a clip carries, and the check that goes with them.

Four bits say the format, sixty are random. Nothing about a person is in the pixels: the ledger
on the maker's machine maps the id to the record.
"""

from __future__ import annotations

import binascii
import secrets

import numpy as np

from wan_sdk.errors import UsageError

FORMAT = 0x4
BITS = 64
CHECK_BITS = 16
CODED_BITS = BITS + CHECK_BITS


def new_payload() -> int:
    """Draw an id: the format in the top four bits, sixty random bits under it.

    >>> payload_hex(new_payload())[0]
    '4'
    """
    return FORMAT << 60 | secrets.randbits(60)


def payload_hex(payload: int) -> str:
    """Write an id as 16 hex digits.

    >>> payload_hex(0x4C1F)
    '0000000000004c1f'
    """
    return f"{checked(payload):016x}"


def checked(payload: int) -> int:
    """Return the payload as an int, or raise UsageError if it is not one of 64 bits."""
    number = int(payload)
    if isinstance(payload, bool) or not 0 <= number < 1 << BITS:
        raise UsageError(
            f"payload is {payload!r}, but an id is a whole number from 0 to 2**64 - 1",
            hint="draw one with wan_sdk.marking.watermark.new_payload()",
        )
    return number


def to_bits(payload: int) -> np.ndarray:
    """Return the 80 bits that go into the code: the id, then CRC-16-CCITT over its 8 bytes."""
    data = checked(payload).to_bytes(8, "big")
    data += binascii.crc_hqx(data, 0xFFFF).to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(data, np.uint8))


def from_bits(bits: np.ndarray) -> int | None:
    """Return the id spelled by 80 bits, or None if the check fails."""
    data = np.packbits(bits.astype(np.uint8)).tobytes()
    if binascii.crc_hqx(data[:8], 0xFFFF) != int.from_bytes(data[8:10], "big"):
        return None
    return int.from_bytes(data[:8], "big")
