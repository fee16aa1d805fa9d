"""How fast the picture moves under a camera: the usual step of its fastest corner or edge."""

from __future__ import annotations

import numpy as np

from wan_sdk.nano.ruler.depths import World, layers_of
from wan_sdk.nano.ruler.rig import Dials, rig_of

_ACROSS = np.linspace(-1, 1, 5)


def usual_step(dials: Dials, frames: int, aspect: float) -> float:
    """Return how far the fastest place of the empty scene usually moves from frame to frame, in picture heights.

    A roll and a zoom move the corners most, a dolly or a pedestal the near ground at the lower edge, and a pan
    everything.

    >>> usual_step({"pan": np.linspace(0, 5, 25)}, 25, 0.6) > 0.005
    True

    Args:
      dials: The camera's moves.
      frames: Length of the clip.
      aspect: Height over width of the picture.
    """
    if not dials or frames < 2:
        return 0.0
    rig = rig_of(dials, frames, aspect)
    u, v = (axis.ravel() for axis in np.meshgrid(_ACROSS, aspect * _ACROSS))
    seen = np.tile(np.stack([u, v], 1), (frames - 1, 1))
    before = np.repeat(np.arange(frames - 1), len(u))
    depth = layers_of(World(), rig, before, seen, level=True).likeliest()[:, None]
    way = rig.way(before, seen) - depth * (rig.place[before + 1] - rig.place[before])
    length = np.linalg.norm(rig.seen(before + 1, way) - seen, axis=1).reshape(frames - 1, -1)
    return float(np.median(length.max(1))) / (2 * aspect)
