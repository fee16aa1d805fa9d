"""A small procedural world: scenes of flat parts in depth, seen by an exact camera.

`sample` draws what is in the clips, `build` turns that into numbers, `render` paints them, `truth` knows
where the camera and the subjects are in every frame. The subjects are tables in `subjects`, the places in
`places`; the formulas are in `shapes`, `geometry`, `backdrop`, `render` and `finish`.
"""

from wan_sdk.nano.attributes import NAMES, Attributes
from wan_sdk.nano.world.render import render
from wan_sdk.nano.world.scenes import build, sample
from wan_sdk.nano.world.truth import Truth, truth

__all__ = ["NAMES", "Attributes", "Truth", "build", "render", "sample", "truth"]
