"""Signed distances: how far a point lies outside a shape (negative inside), for whole pictures at once.

A shape stands upright around the origin, `a` wide and `b` high to either side. The distances are exact or
within a few percent near the outline, which is what sharp, smooth edges need.
"""

from __future__ import annotations

import torch
from torch import Tensor


def ellipse(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return k (k - 1) / |gradient of k|, with k = |(x/a, y/b)|: exact to first order at the outline."""
    k = torch.sqrt((x / a) ** 2 + (y / b) ** 2 + 1e-9)
    slope = torch.sqrt((x / a / a) ** 2 + (y / b / b) ** 2 + 1e-9)
    return k * (k - 1) / slope


def half_ellipse(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the distance to the upper half of an ellipse."""
    return torch.maximum(ellipse(x, y, a, b), -y)


def box(x: Tensor, y: Tensor, a: Tensor, b: Tensor, taper: Tensor, radius: Tensor) -> Tensor:
    """Return the distance to a box with round corners, narrower toward its top by `taper`."""
    half_width = (a - radius) * (1 - taper * torch.clamp(y / b, -1, 1))
    slant = torch.sqrt(1 + (taper * a / b) ** 2)
    beside = (x.abs() - torch.clamp(half_width, min=0)) / slant
    above = y.abs() - (b - radius)
    outside = torch.sqrt(torch.clamp(beside, min=0) ** 2 + torch.clamp(above, min=0) ** 2 + 1e-12)
    return outside + torch.clamp(torch.maximum(beside, above), max=0) - radius


_COS36, _SIN36 = 0.80902, 0.58779
_INNER = 0.48


def star(x: Tensor, y: Tensor, a: Tensor) -> Tensor:
    """Return the distance to a star with five points at radius `a`: mirrored into one half point, then a line."""
    x = x.abs()
    for normal_x, normal_y in ((_COS36, -_SIN36), (-_COS36, -_SIN36)):
        behind = 2 * torch.clamp(x * normal_x + y * normal_y, min=0)
        x, y = x - behind * normal_x, y - behind * normal_y
    x = x.abs()
    tip_x, tip_y = _INNER * a * _SIN36, _INNER * a * _COS36
    normal_x, normal_y = a - tip_y, tip_x
    length = torch.sqrt(normal_x * normal_x + normal_y * normal_y)
    return (x * normal_x + (y - a) * normal_y) / length


def heart(x: Tensor, y: Tensor, a: Tensor) -> Tensor:
    """Return the distance to a heart about `a` high, made of two circles and a square's corner."""
    x, y = x.abs() / a, y / a + 0.55
    corner = 0.5 * torch.clamp(x + y, min=0)
    lobe = torch.sqrt((x - 0.25) ** 2 + (y - 0.75) ** 2 + 1e-9) - 0.35355
    inner = torch.minimum(x**2 + (y - 1) ** 2, (x - corner) ** 2 + (y - corner) ** 2)
    return torch.where(x + y > 1, lobe, torch.sqrt(inner + 1e-9) * torch.sign(x - y)) * a
