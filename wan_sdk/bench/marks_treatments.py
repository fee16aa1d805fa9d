"""What people and platforms do to a clip: plain functions on uint8 [T, H, W, 3]."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

AWAY = (0.6, 0.3)


def each(clip: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the clip with every frame changed alike."""
    return np.stack([change(frame) for frame in clip])


def resize(clip: np.ndarray, width: float, height: float) -> np.ndarray:
    """Return the clip at another size, pixels."""
    size = max(2, round(width)), max(2, round(height))
    way = cv2.INTER_AREA if size[1] < clip.shape[1] or size[0] < clip.shape[2] else cv2.INTER_CUBIC
    return each(clip, lambda frame: cv2.resize(frame, size, interpolation=way))


def scale(clip: np.ndarray, factor: float) -> np.ndarray:
    """Return the clip at another size, its shape kept."""
    return resize(clip, clip.shape[2] * factor, clip.shape[1] * factor)


def crop(clip: np.ndarray, width: float, height: float, at: tuple[float, float] = AWAY) -> np.ndarray:
    """Return a part of the picture: shares of width and height, off the centre unless said."""
    rows, columns = clip.shape[1:3]
    tall, wide = round(rows * height / 2) * 2, round(columns * width / 2) * 2
    top, left = int((rows - tall) * at[0]), int((columns - wide) * at[1])
    return np.ascontiguousarray(clip[:, top : top + tall, left : left + wide])


def crop_area(clip: np.ndarray, share: float) -> np.ndarray:
    """Return a part of the picture of the same shape, by its share of the area."""
    return crop(clip, share**0.5, share**0.5)


def crop_to_shape(clip: np.ndarray, shape: float) -> np.ndarray:
    """Return the largest part of a shape (width / height)."""
    rows, columns = clip.shape[1:3]
    return crop(clip, min(1.0, rows * shape / columns), min(1.0, columns / shape / rows))


def stretched_back(clip: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return a part of the picture, resized to the whole's size."""
    return resize(part, clip.shape[2], clip.shape[1])


def letterbox_on_blur(clip: np.ndarray, shape: float = 9 / 16) -> np.ndarray:
    """Return the clip in the middle of an upright one, its own blur above and below."""
    rows, columns = clip.shape[1:3]
    tall = round(columns / shape / 2) * 2
    top = (tall - rows) // 2

    def one(frame: np.ndarray) -> np.ndarray:
        back = cv2.resize(frame, (round(columns * tall / rows), tall))[:, : columns * 2]
        start = (back.shape[1] - columns) // 2
        back = cv2.GaussianBlur(back[:, start : start + columns], (0, 0), 25)
        back[top : top + rows] = frame
        return back

    return each(clip, one)


def picture_in_picture(clip: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """Return the clip small, over another film of the same size."""
    small = scale(clip, factor)
    back = other_film(clip.shape, rng)
    top, left = round(clip.shape[1] * 0.2), round(clip.shape[2] * 0.3)
    back[:, top : top + small.shape[1], left : left + small.shape[2]] = small
    return back


def other_film(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return moving clouds of colour: a film without the mark."""
    frames, rows, columns = shape[:3]
    coarse = cv2.GaussianBlur(rng.standard_normal((rows, columns, 3)).astype(np.float32), (0, 0), 14)
    fine = cv2.GaussianBlur(rng.standard_normal((rows, columns, 3)).astype(np.float32), (0, 0), 2)
    cloud = 120 + 40 * coarse / coarse.std() + 9 * fine / fine.std()
    return np.stack([np.clip(np.roll(cloud, 3 * t, 1), 0, 255).astype(np.uint8) for t in range(frames)])


def rotate(clip: np.ndarray, degrees: float, zoom: bool = False) -> np.ndarray:
    """Return the clip turned, counter-clockwise; with `zoom`, enlarged until no corner is empty."""
    rows, columns = clip.shape[1:3]
    angle = np.deg2rad(abs(degrees))
    grow = np.cos(angle) + np.sin(angle) * columns / rows if zoom else 1.0
    turn = cv2.getRotationMatrix2D((columns / 2 - 0.5, rows / 2 - 0.5), degrees, float(grow))
    return each(clip, lambda frame: cv2.warpAffine(frame, turn, (columns, rows), flags=cv2.INTER_CUBIC))


def quarter_turn(clip: np.ndarray, turns: int) -> np.ndarray:
    """Return the clip turned by quarters."""
    return np.ascontiguousarray(np.rot90(clip, turns, (1, 2)))


def mirror(clip: np.ndarray) -> np.ndarray:
    """Return the clip mirrored left to right."""
    return np.ascontiguousarray(clip[:, :, ::-1])


def perspective(clip: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the clip with its corners moved inwards by up to `share` of width and height."""
    rows, columns = clip.shape[1:3]
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = corners + inwards * rng.uniform(0.4, 1, (4, 2)) * share * [columns, rows]
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return each(clip, lambda frame: cv2.warpPerspective(frame, warp, (columns, rows), flags=cv2.INTER_CUBIC))


def local_warp(clip: np.ndarray, rms_pixels: float, rng: np.random.Generator) -> np.ndarray:
    """Return the clip with its picture smoothly distorted."""
    rows, columns = clip.shape[1:3]
    bend = [cv2.GaussianBlur(rng.standard_normal((rows, columns)).astype(np.float32), (0, 0), rows / 8) for _ in "xy"]
    across, down = (b * rms_pixels / b.std() for b in bend)
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    way = {"interpolation": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REFLECT}
    return each(clip, lambda frame: cv2.remap(frame, x + across, y + down, **way))


def tone(clip: np.ndarray, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the clip with a curve of grey levels applied."""
    table = np.clip(curve(np.arange(256, dtype=np.float64)) + 0.5, 0, 255).astype(np.uint8)
    return table[clip]


def contrast(clip: np.ndarray, factor: float) -> np.ndarray:
    """Return the clip with its grey levels spread about the mean."""
    middle = float(clip.mean())
    return tone(clip, lambda v: (v - middle) * factor + middle)


def colour(clip: np.ndarray, saturation: float = 1.0, hue_turn: float = 0.0) -> np.ndarray:
    """Return the clip with saturation and hue (whole turns) changed."""

    def one(frame: np.ndarray) -> np.ndarray:
        hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + 180 * hue_turn) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * saturation, 0, 255)
        return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)

    return each(clip, one)


def grey(clip: np.ndarray) -> np.ndarray:
    """Return the clip without colour."""
    return each(clip, lambda frame: cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def sharpen(clip: np.ndarray) -> np.ndarray:
    """Return the clip sharpened by an unsharp mask."""
    return each(clip, lambda f: cv2.addWeighted(f, 2.0, cv2.GaussianBlur(f, (0, 0), 1.5), -1.0, 0))


def noise(clip: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Return the clip with noise that differs in every frame."""
    return each(clip, lambda f: np.clip(f + rng.normal(0, sigma, f.shape), 0, 255).astype(np.uint8))


def resample(clip: np.ndarray, ratio: float, blend: bool = False) -> np.ndarray:
    """Return the clip with `ratio` times as many frames: repeated or dropped, or blended."""
    at = np.arange(0, len(clip) - 1 + 1e-6, 1 / ratio)
    if not blend:
        return clip[np.minimum(np.round(at).astype(int), len(clip) - 1)]
    low = np.minimum(at.astype(int), len(clip) - 2)
    share = (at - low)[:, None, None, None].astype(np.float32)
    pairs = zip(low, share, strict=True)
    return np.stack([(clip[i] * (1 - s[0]) + clip[i + 1] * s[0] + 0.5).astype(np.uint8) for i, s in pairs])


def overlays(clip: np.ndarray) -> np.ndarray:
    """Return the clip with a logo in its corner and two lines of subtitles."""
    rows, columns = clip.shape[1:3]

    def one(frame: np.ndarray) -> np.ndarray:
        frame = frame.copy()
        cv2.circle(frame, (columns - rows // 8, rows // 8), rows // 14, (240, 240, 240), -1, cv2.LINE_AA)
        cv2.putText(frame, "TV", (columns - rows // 6, rows // 7), 0, rows / 500, (200, 30, 30), 2, cv2.LINE_AA)
        for line, text in enumerate(("Somebody says a rather long sentence", "and then something else")):
            at = (columns // 6, rows - rows // 7 + line * rows // 14)
            cv2.putText(frame, text, at, 0, rows / 560, (0, 0, 0), 5, cv2.LINE_AA)
            cv2.putText(frame, text, at, 0, rows / 560, (255, 255, 255), 2, cv2.LINE_AA)
        return frame

    return each(clip, one)


def mixed_in(clip: np.ndarray, foreign_share: float, replace: bool, rng: np.random.Generator) -> np.ndarray:
    """Return the clip with frames of another film in place of its own, or between them."""
    count = round(len(clip) * foreign_share)
    film = other_film((count, *clip.shape[1:]), rng)
    if replace:
        mixed = clip.copy()
        mixed[rng.choice(len(clip), count, replace=False)] = film
        return mixed
    places = np.sort(rng.integers(0, len(clip) + 1, count))
    return np.insert(clip, places, film, axis=0)


def rolling_mean(clip: np.ndarray, frames: int) -> np.ndarray:
    """Return the clip with every frame the mean of its neighbours."""
    padded = np.concatenate([clip[:1]] * (frames // 2) + [clip] + [clip[-1:]] * (frames // 2)).astype(np.float32)
    return np.stack([padded[i : i + frames].mean(0) for i in range(len(clip))]).astype(np.uint8)
