"""The invisible watermark SSW-1: an id in the pixels of every clip, found again with a proved p-value.

>>> clip = np.full((9, 256, 448, 3), 128, np.uint8)
>>> marked = embed(clip, new_payload())
>>> detect(marked.pixels).verdict
'MARKED'

Rooms, in the order of the signal: `keys` and `carriers` (what is secret and what is drawn), `payload`
and `polar` (the id and its code), `mask` and `embedding` (into the pixels); `front` (from pixels to a map),
`geometry` (laying it on the canvas), `statistic` (the score and its bound), `reading`, `search` and
`detection` (finding the id again); `protocol` (what any watermark is to the rest of the house).
"""

from __future__ import annotations

from wan_sdk.marking.watermark.backends import backend
from wan_sdk.marking.watermark.detection import already_marked, detect, detect_keys
from wan_sdk.marking.watermark.embedding import (
    DEFAULT_STRENGTH,
    PSNR_FLOOR_DB,
    STRENGTHS,
    Embedder,
    embed,
    examples,
    raised_strength,
)
from wan_sdk.marking.watermark.keys import PUBLIC_KEY, key_id
from wan_sdk.marking.watermark.payload import new_payload, payload_hex
from wan_sdk.marking.watermark.protocol import DetectionResult, Geometry, Marked, Segment, Watermarker

ALGORITHM = "org.wansdk.ssw.1"

__all__ = [
    "ALGORITHM",
    "DEFAULT_STRENGTH",
    "PSNR_FLOOR_DB",
    "PUBLIC_KEY",
    "STRENGTHS",
    "DetectionResult",
    "Embedder",
    "Geometry",
    "Marked",
    "Segment",
    "Watermarker",
    "already_marked",
    "backend",
    "detect",
    "detect_keys",
    "embed",
    "examples",
    "key_id",
    "new_payload",
    "payload_hex",
    "raised_strength",
]
