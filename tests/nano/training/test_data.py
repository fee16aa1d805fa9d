import numpy as np
import pytest

from wan_sdk.nano.attributes import MOTIONS
from wan_sdk.nano.training.data import MORE_SPINS, Drawn


def spins(**options):
    attributes, _, _ = next(iter(Drawn(3, 4000, 0, **options)))
    return float(np.mean(attributes["motion"].numpy() == MOTIONS.index("spin")))


def test_more_subjects_spin_in_the_training_than_in_the_world():
    assert spins() == pytest.approx(0.09, abs=0.015)
    assert spins(more_spins=MORE_SPINS) == pytest.approx(0.09 + 0.91 * MORE_SPINS, abs=0.02)


def test_a_fixed_motion_stays():
    assert spins(more_spins=MORE_SPINS, fixed={"motion": "left"}) == 0
