import cv2
import numpy as np

from tests.marking.watermark import clips
from wan_sdk.bench import marks_quality
from wan_sdk.marking.watermark import Embedder, carriers, detect, embed, examples, front, mask, polar, still
from wan_sdk.marking.watermark.payload import to_bits

PAYLOAD = 0x4C1F00000000ABCD


def dense_still(frames: int = 5) -> np.ndarray:
    grain = clips.noise_texture(3, 288, 480, 1.5)
    brushed = cv2.GaussianBlur(grain, (0, 0), sigmaX=9, sigmaY=0.5)
    uneven = np.exp(0.8 * clips.noise_texture(4, 288, 480, 20))
    picture = 120 + 25 * uneven * (grain + 2 * brushed / brushed.std())
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[None], frames, 0)


def dense_in_parts(frames: int = 2) -> np.ndarray:
    soft = clips.noise_texture(4, 288, 480, 20)
    parts = (soft[..., :1] > np.quantile(soft[..., 0], 0.4)).astype(np.float32)
    grain = 45 * cv2.GaussianBlur(parts, (0, 0), 3)[..., None] * clips.noise_texture(3, 288, 480, 1.5)
    return np.repeat(np.clip(120 + 10 * soft + grain, 0, 255).astype(np.uint8)[None], frames, 0)


def plainly_marked(clip: np.ndarray, monkeypatch) -> np.ndarray:
    with monkeypatch.context() as patched:
        patched.setattr(still, "is_still", lambda _greys: False)
        return embed(clip, PAYLOAD).pixels


def test_a_dense_still_picture_is_read_better_at_less_error(monkeypatch):
    clip = dense_still()
    plain, better = plainly_marked(clip, monkeypatch), embed(clip, PAYLOAD).pixels
    before, after = (detect(pixels, effort="fast") for pixels in (plain, better))
    assert after.payload == PAYLOAD
    assert np.hypot(after.z_pilot, after.z_payload) > 1.1 * np.hypot(before.z_pilot, before.z_payload)
    assert marks_quality.psnr(clip, better) > marks_quality.psnr(clip, plain)
    assert marks_quality.ssim(clip, better) >= 0.990
    assert marks_quality.flicker(clip, better) == 0


def test_a_picture_that_is_dense_in_parts_keeps_its_structural_similarity(monkeypatch):
    clip = dense_in_parts()
    plain, better = plainly_marked(clip, monkeypatch), embed(clip, PAYLOAD).pixels
    before, after = (detect(pixels, effort="fast") for pixels in (plain, better))
    assert marks_quality.ssim(clip, better) >= 0.990
    assert marks_quality.psnr(clip, better) > marks_quality.psnr(clip, plain) + 0.5
    assert after.log10_p < 1.05 * before.log10_p


def test_even_texture_keeps_the_common_pattern(monkeypatch):
    grain = 40 * clips.noise_texture(3, 288, 480, 2.5) + 6 * clips.noise_texture(4, 288, 480, 8)
    clip = np.repeat(np.clip(120 + grain, 0, 255).astype(np.uint8)[None], 2, 0)
    assert np.array_equal(embed(clip, PAYLOAD).pixels, plainly_marked(clip, monkeypatch))


def test_it_is_read_mirrored_and_out_of_a_codec():
    marked = embed(dense_still(), PAYLOAD).pixels
    assert detect(np.ascontiguousarray(marked[:, :, ::-1]), effort="fast").payload == PAYLOAD
    assert detect(clips.through(marked, crf="23"), effort="fast").payload == PAYLOAD


def test_one_dense_picture_counts_as_still():
    clip = dense_still()
    assert np.array_equal(embed(clip[0], PAYLOAD).pixels, embed(clip, PAYLOAD).pixels[0])


def test_one_frame_of_a_clip_that_comes_frame_by_frame_does_not_count_as_still():
    picture = dense_still(frames=1)
    alone = Embedder(PAYLOAD, (480, 288)).mark(picture)
    known = Embedder(PAYLOAD, (480, 288))
    known.calibrate(examples(picture))
    assert np.array_equal(known.mark(picture), embed(picture, PAYLOAD).pixels)
    assert not np.array_equal(alone, known.mark(picture))


def test_flat_pictures_and_those_that_move_keep_the_common_pattern(monkeypatch):
    flat = np.repeat(clips.flat_cartoon(frames=1), 5, 0)
    for clip in (flat, clips.panning_texture(frames=5)):
        assert np.array_equal(embed(clip, PAYLOAD).pixels, plainly_marked(clip, monkeypatch))


def test_the_pull_tells_how_the_detector_answers_a_small_change():
    grey = mask.luma(dense_still()[0])
    waves = carriers.carriers()
    pattern = carriers.pattern(waves, polar.encode(to_bits(PAYLOAD)), *grey.shape)
    pull = front.pull(pattern, grey)
    looked_for = carriers.pattern(waves, polar.encode(to_bits(PAYLOAD)), *front.map_size(*grey.shape))
    answer = lambda picture: float(np.vdot(front.flatten(front.detail(picture)), looked_for))  # noqa: E731
    as_it_is = answer(grey)
    gained = []
    for change in (pattern, pull / pull.std()):
        told = 0.1 * float(np.vdot(change, pull)) * looked_for.size / grey.size
        gained.append(answer(grey + np.float32(0.1) * change) - as_it_is)
        assert 0.6 < gained[-1] / told < 1.05  # the local strengths grow a little, too
    assert gained[1] > 1.2 * gained[0]
