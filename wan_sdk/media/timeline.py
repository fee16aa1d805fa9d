"""Join shots to a cut as the plan's timeline places them, to the frame.

A dissolve or wipe overlaps: for its length both shots are on screen, so the cut is that much
shorter. A fade does not: its first half darkens the end of one shot, its second half opens the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from PIL import ImageColor

from wan_sdk.errors import MediaError
from wan_sdk.media.frames import Frames
from wan_sdk.planning.timeline import Placement, Timeline

DIRECTIONS = ("left", "right", "up", "down")


def joined_pieces(clips: Iterable[Frames], timeline: Timeline) -> Iterator[np.ndarray]:
    """Yield the whole cut in pieces, uint8 [frames, height, width, 3], holding one shot at a time in memory.

    >>> two = Timeline(12.0, (Placement(0, 0, 25), Placement(1, 19, 25, transition="dissolve", transition_frames=6)))
    >>> [len(piece) for piece in joined_pieces([boat, bird], two)]
    [19, 6, 19]

    Args:
      clips: The shots in order, all of one size and at the timeline's speed; each is asked for
        when its turn comes, so they may be decoded one by one.
      timeline: Where each stands and how the cut comes into it.

    Raises:
      MediaError: If a clip's size, speed or length is not what the timeline says, or transitions
        of one shot meet in its middle.
    """
    places = timeline.placements
    size: tuple[int, int] | None = None
    held: np.ndarray | None = None  # the end of the shot before, which the next transition needs
    for index, (place, clip) in enumerate(zip(places, clips, strict=True)):
        size = size or (clip.width, clip.height)
        _check(index, place, clip, timeline.fps, size)
        following = places[index + 1] if index + 1 < len(places) else None
        head = _frames_taken_from_start(place) if held is not None else 0
        tail = _frames_taken_from_end(following) if following else 0
        body = clip.pixels[place.skip_frames : place.skip_frames + place.frames]
        if head + tail > len(body):
            raise MediaError(
                f"its transitions take {head} and {tail} frames, together more than its {len(body)}",
                where=f"shot {index + 1} of the cut",
                hint="shorten the transitions or lengthen the shot",
            )
        if held is not None and place.transition_frames:
            yield _transition(held, body[:head], place)
        yield body[head : len(body) - tail]
        held = body[len(body) - tail :]


def _transition(before: np.ndarray, after: np.ndarray, place: Placement) -> np.ndarray:
    match place.transition:
        case "dissolve":
            return dissolve(before, after)
        case "wipe":
            return wipe(before, after, place.towards or "right")
        case "fade":
            return fade(before, after, place.colour or "black")
        case _:
            raise MediaError(f"{place.transition!r} is no transition with a length")


def dissolve(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mix two clips of equal length, from mostly the first to mostly the second.

    >>> dissolve(np.zeros((3, 2, 2, 3), np.uint8), np.full((3, 2, 2, 3), 200, np.uint8))[:, 0, 0, 0].tolist()
    [50, 100, 150]
    """
    count = len(before)
    return _stacked(
        before,
        (_mixed(a, b, (index + 1) / (count + 1)) for index, (a, b) in enumerate(zip(before, after, strict=True))),
    )


def wipe(before: np.ndarray, after: np.ndarray, towards: str) -> np.ndarray:
    """Uncover the second clip behind an edge that moves `towards` left, right, up or down."""
    if towards not in DIRECTIONS:
        raise MediaError(f"a wipe goes towards {', '.join(DIRECTIONS)}; got {towards!r}")
    count, height, width = before.shape[:3]
    result = before.copy()
    for index in range(count):
        share = (index + 1) / (count + 1)
        rows, columns = round(height * share), round(width * share)
        region = {
            "right": np.s_[:, :columns],
            "left": np.s_[:, width - columns :],
            "down": np.s_[:rows, :],
            "up": np.s_[height - rows :, :],
        }[towards]
        result[index][region] = after[index][region]
    return result


def fade(before: np.ndarray, after: np.ndarray, colour: str) -> np.ndarray:
    """Let the first clip go to a colour, then the second come out of it; the lengths add up."""
    try:
        flat = np.empty_like(after[0] if len(after) else before[0])
        flat[:] = ImageColor.getrgb(colour)[:3]
    except ValueError:
        raise MediaError(
            f"{colour!r} is no colour", where="fade", hint='"black", "white" and "#102030" are some'
        ) from None
    going = [_mixed(picture, flat, (index + 1) / len(before)) for index, picture in enumerate(before)]
    coming = [_mixed(flat, picture, (index + 1) / (len(after) + 1)) for index, picture in enumerate(after)]
    return np.stack(going + coming)


def _frames_taken_from_start(place: Placement) -> int:
    if place.transition == "fade":
        return place.transition_frames - place.transition_frames // 2
    return place.transition_frames


def _frames_taken_from_end(following: Placement) -> int:
    if following.transition == "fade":
        return following.transition_frames // 2
    return following.transition_frames


def _mixed(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def _stacked(like: np.ndarray, pictures: Iterable[np.ndarray]) -> np.ndarray:
    result = np.empty_like(like)
    for index, picture in enumerate(pictures):
        result[index] = picture
    return result


def _check(index: int, place: Placement, clip: Frames, fps: float, size: tuple[int, int]) -> None:
    where = f"shot {index + 1} of the cut"
    if (clip.width, clip.height) != size:
        raise MediaError(
            f"is {clip.width}x{clip.height}, the first shot {size[0]}x{size[1]}", where=where, hint="fit() it first"
        )
    if clip.fps != fps:
        raise MediaError(f"has {clip.fps:g} frames per second, the cut {fps:g}", where=where, hint="retime() it first")
    if len(clip) < place.skip_frames + place.frames:
        raise MediaError(f"has {len(clip)} frames, the plan counts on {place.skip_frames + place.frames}", where=where)
