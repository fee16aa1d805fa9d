"""Tell what a file is by its first bytes; names lie."""

from __future__ import annotations

MIME_TYPES = frozenset(
    {
        "video/mp4", "video/quicktime", "video/x-msvideo", "video/webm", "video/x-matroska", "image/png", "image/jpeg",
        "image/webp", "image/gif", "image/avif", "image/heic", "image/tiff", "audio/wav", "audio/mpeg",
    }
)  # fmt: skip
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}


def sniff(head: bytes) -> str | None:
    r"""Return the MIME type of a file from its first bytes (a few hundred will do), or None.

    >>> sniff(b"\x89PNG\r\n\x1a\n")
    'image/png'
    """
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide"):  # QuickTime from before there were brands
        return "video/quicktime"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    for start, mime_type in _STARTS:
        if head.startswith(start):
            return mime_type
    return None
