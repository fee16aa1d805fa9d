import numpy as np
import pytest

from wan_sdk.marking.watermark import carriers, statistic
from wan_sdk.marking.watermark.carriers import CANVAS
from wan_sdk.marking.watermark.correlate import Correlator
from wan_sdk.marking.watermark.geometry import GRID, Pose, Sheet

POSES = [Pose(), Pose(0.5), Pose(2.4), Pose(0.9, 1.2, 0.15), Pose(1.1, quarter=1)]


@pytest.fixture(scope="module")
def sheet():
    return Sheet(np.random.default_rng(3).standard_normal((256, 444), dtype=np.float32), (480, 832))


def all_shifts(q, waves):
    """Sum the pilots at every shift in 64 bits, as the definition of the score has it."""
    spectrum = np.zeros((GRID, GRID), np.complex128)
    pilots = waves.pilot
    spectrum[waves.ky[pilots] % GRID, waves.kx[pilots]] = (q * np.exp(-1j * waves.phase))[pilots].conj()
    power = np.sum(np.square(np.abs(q[pilots])))
    return np.fft.ifft2(spectrum).real * GRID**2 / np.sqrt(power / 2)


def test_every_shift_is_scored_straight_and_mirrored(sheet):
    # one transform in 32 bits stands for two: its rounding moves scores by a millionth, so 1e-3 has room to spare
    sets = carriers.carriers(), carriers.carriers(None, 1)
    scores = Correlator(sets).scores([(sheet, pose) for pose in POSES])
    for number, pose in enumerate(POSES):
        q = statistic.coefficients(sheet.quarter(pose.quarter).lay(pose.matrix, GRID))
        for flip, one in enumerate((q, statistic.flipped(q))):
            for variant, waves in enumerate(sets):
                plane = all_shifts(one, waves)
                assert scores.z[number, flip, variant] == pytest.approx(plane.max(), abs=1e-4)
                assert scores.cell[number, flip, variant] == plane.argmax()


def test_a_blank_canvas_scores_nothing(sheet):
    scores = Correlator((carriers.carriers(),)).scores([(Sheet(sheet.values * 0, sheet.shape), Pose())])
    assert not scores.z.any()


@pytest.mark.parametrize("size", [256, 384, 512])
def test_the_kept_part_of_a_spectrum_is_that_of_the_transform(size):
    canvas = np.random.default_rng(4).standard_normal((size, size), dtype=np.float32)
    whole = np.fft.rfft2(canvas.astype(np.float64))[:, : statistic.WIDTH]
    kept = np.concatenate([whole[-statistic.REACH :], whole[: statistic.REACH + 1]])
    np.testing.assert_allclose(statistic.spectrum(canvas), kept, atol=1e-6 * np.abs(kept).max())


@pytest.mark.parametrize("pose", [Pose(0.5), Pose(1.0), Pose(0.55, 1.3, 0.2)])
def test_a_sheet_is_laid_where_its_matrix_says(pose):
    down, across = ((np.arange(n) + 0.5 - n / 2) / 256 for n in (256, 444))
    wave = lambda x, y: np.cos(2 * np.pi * (1.1 * x + 0.7 * y) + 0.4)  # noqa: E731
    laid = Sheet(wave(across, down[:, None]).astype(np.float32), (480, 832)).lay(pose.matrix, GRID)
    line = ((np.arange(GRID) + 0.5) / GRID - 0.5) * CANVAS
    x, y = np.moveaxis(np.stack(np.meshgrid(line, line), -1) @ np.linalg.inv(pose.matrix).T, -1, 0)
    inside = (np.abs(x) < 0.8) & (np.abs(y) < 0.45)
    assert np.abs(laid - wave(x, y))[inside].max() < 0.02
    assert not laid[(np.abs(x) > 0.9) | (np.abs(y) > 0.55)].any()
