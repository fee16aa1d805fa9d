"""Perspective: the pilots fall out of step towards the corners, and are brought back."""

import numpy as np
import pytest

from tests.marking.watermark import clips
from wan_sdk.bench import marks_clips, marks_treatments
from wan_sdk.marking.watermark import bend, carriers, embed, front, statistic
from wan_sdk.marking.watermark.detection import gather
from wan_sdk.marking.watermark.geometry import Pose, Sheet
from wan_sdk.marking.watermark.reading import coefficients
from wan_sdk.marking.watermark.search import Search
from wan_sdk.marking.watermark.sheets import Sheets

PAYLOAD = 0x4C1F00000000ABCD
WAVES = carriers.carriers()


def sheet_of(clip):
    timeline, shape, _ = gather(clip)
    return Sheet(front.flatten(timeline.mean()), shape)


@pytest.fixture(scope="module")
def marked():
    return embed(clips.panning_texture(frames=5), PAYLOAD).pixels


def test_without_terms_it_lays_like_the_pose(marked):
    sheet = sheet_of(marked[:, 40:244, 60:400])
    for pose in (Pose(204 / 288, x=0.1, y=-0.05), Pose(0.7, 1.1, 0.05, flip=True), Pose(0.7, quarter=1)):
        bent, straight = bend.Bent(sheet, pose).coefficients(), coefficients(sheet, pose)
        agreement = np.vdot(straight, bent).real / (np.linalg.norm(straight) * np.linalg.norm(bent))
        assert agreement > 0.95


def test_a_picture_in_perspective_is_straightened():
    marked = embed(marks_clips.drawn("pan", frames=2, height=288, width=480), PAYLOAD).pixels
    seen = marks_treatments.perspective(marked, 0.12, np.random.default_rng(1))
    timeline, shape, _ = gather(seen)
    search = Search(Sheets(timeline, shape), (WAVES,), -20.7)
    search.account.open_stage()
    search.wide([(search.sheets.whole, Pose(scale)) for scale in np.geomspace(1.15, 1.25, 9)])
    found = search.best
    z, bent = bend.straighten(found.sheet, found.pose, WAVES)
    assert z > 1.4 * found.z
    assert z == pytest.approx(statistic.score(bent.coefficients(), WAVES, WAVES.pilot))
    assert np.abs(bent.terms).max() > 0.002


def test_nothing_is_straightened_out_of_noise():
    sheet = sheet_of(clips.panning_texture(frames=2))
    before = statistic.score(coefficients(sheet, Pose()), WAVES, WAVES.pilot)
    z, _ = bend.straighten(sheet, Pose(), WAVES)
    assert z < max(before, 0) + 4.5
