import numpy as np
import pytest

from wan_sdk.nano.attributes import MOTIONS
from wan_sdk.nano.training.data import MORE_AT_REST, MORE_SPINS, Drawn


def shares(**options):
    """Return the share of clips whose subject spins, and of those whose camera is at rest."""
    attributes, scene, _ = next(iter(Drawn(3, 4000, 2, **options)))
    moved = (scene["pose"][:, 0] != scene["pose"][:, 1]).any(1).numpy()
    return float(np.mean(attributes["motion"].numpy() == MOTIONS.index("spin"))), 1 - float(moved.mean())


def test_more_subjects_spin_and_more_cameras_rest_in_the_training_than_in_the_world():
    spin, rest = shares()
    more_spin, more_rest = shares(stressed=True)
    assert spin == pytest.approx(0.09, abs=0.015)
    assert more_spin == pytest.approx(spin + (1 - spin) * MORE_SPINS, abs=0.02)
    assert more_rest == pytest.approx(rest + (1 - rest) * MORE_AT_REST, abs=0.02)


def test_what_is_fixed_stays():
    spin, rest = shares(stressed=True, fixed={"motion": "left", "camera": "pan"})
    assert (spin, rest) == (0, 0)
