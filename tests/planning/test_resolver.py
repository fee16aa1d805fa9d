import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wan_sdk import models
from wan_sdk.errors import (
    LengthNotSupported,
    PlanError,
    RoleNotServed,
    SizeNotSupported,
    SpecError,
    UnknownModel,
    UnknownName,
    UsageError,
)
from wan_sdk.planning import Machine, Probe, resolve
from wan_sdk.spec import Camera, Character, Look, Lora, Reference, Scene, Shot, Size, Transition

LAPTOP = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)
PICTURE, CLIP = Reference.image("mara.png"), Reference.video("walk.mp4", strength=0.4)
RAIN = Lora("rain.safetensors", weight=0.8)
PROBES = {
    PICTURE: Probe("image", "a" * 64, 1920, 1080),
    CLIP: Probe("video", "b" * 64, 832, 480, frames=81, fps=16.0, seconds=81 / 16),
    RAIN: Probe("weights", "c" * 64),
}


def plan(x, **options):
    return resolve(x, **{"catalogue": models.catalogue(), "machine": LAPTOP, "probes": PROBES, **options})


def changes(made):
    return {(change.shot, change.field): change for change in made.changes}


class TestWhichModel:
    def test_argument_then_shot_then_scene_then_default(self):
        scene = Scene("s", [Shot("a", model="wan2.1-t2v-14b"), Shot("b")], model="wan2.1-t2v-1.3b", size="480p")
        assert [call.model for call in plan(scene).calls] == ["wan2.1-t2v-14b", "wan2.1-t2v-1.3b"]
        assert {call.model for call in plan(scene, model="nano").calls} == {"nano"}
        assert plan(Shot("a")).calls[0].model == "nano"
        assert plan(Shot("a"), default_model="wan2.2-ti2v-5b").calls[0].model == "wan2.2-ti2v-5b"
        assert plan(Shot("a", model="nano"), default_model="wan2.2-ti2v-5b").calls[0].model == "nano"

    def test_a_model_of_ones_own(self):
        own = models.at("weights/harbour", like="wan2.1-t2v-1.3b", sizes=((32, 32),), frames=9, steps=2)
        call = plan(Shot("a"), model=own).calls[0]
        assert (call.model, call.width, call.num_frames, call.num_inference_steps) == ("harbour", 32, 9, 2)
        assert call.enlarge == 8

    def test_an_unknown_one_names_the_shot_and_the_nearest(self):
        scene = Scene("Harbour").shot("a boat", name="pier", model="wan2.2-ti2v-5")
        with pytest.raises(UnknownModel, match="Shot 'pier' of Scene 'Harbour': there is no model") as caught:
            plan(scene)
        assert "wan2.2-ti2v-5b" in caught.value.hint

    def test_a_model_that_does_not_run_here(self):
        with pytest.raises(PlanError, match="no engine for subjects"):
            plan(Shot("a", model="wan2.1-vace-14b"))


class TestOneShot:
    def test_the_call_follows_the_authors_recipe(self):
        call = plan(Shot("a boat"), model="wan2.2-t2v-a14b").calls[0]
        model = models.get("wan2.2-t2v-a14b")
        assert (call.guidance_scale, call.guidance_scale_2) == model.guidance
        assert (call.num_inference_steps, call.flow_shift, call.boundary_ratio) == (40, 12.0, 0.875)
        assert call.negative_prompt == model.negative
        assert call.enlarge == 1
        assert call.strength is None

    def test_what_the_shot_says_wins(self):
        shot = Shot("a boat", steps=7, guidance=2.5, shift=4, seed=11, negative="blur", size=Size(640, 640), seconds=1)
        call = plan(shot, model="wan2.2-t2v-a14b").calls[0]
        assert (call.num_inference_steps, call.guidance_scale, call.guidance_scale_2) == (7, 2.5, 2.5)
        assert (call.flow_shift, call.seed, call.negative_prompt, call.width, call.num_frames) == (
            4,
            11,
            "blur",
            640,
            17,
        )

    def test_a_pair_of_guidances_needs_two_experts(self):
        call = plan(Shot("a", guidance=(5, 2)), model="wan2.2-t2v-a14b").calls[0]
        assert (call.guidance_scale, call.guidance_scale_2) == (5, 2)
        with pytest.raises(PlanError, match="one expert") as caught:
            plan(Shot("a", guidance=(5, 2)))
        assert caught.value.hint == "guidance=5; the authors' is 2.5"

    def test_another_speed_is_refused_with_the_models_that_have_it(self):
        assert plan(Shot("a", fps=12)).calls[0].fps == 12
        with pytest.raises(PlanError, match="fps is 24; nano makes 12") as caught:
            plan(Shot("a", fps=24))
        assert "wan2.2-ti2v-5b" in caught.value.hint
        with pytest.raises(PlanError, match="fps is 25"):
            plan(Scene("s", fps=25).shot("a"))

    def test_enlarging_is_listed_with_what_enlarges_unless_that_size_was_asked_for(self):
        why = changes(plan(Shot("a")))[0, "size"].why
        assert (
            why == "delivered at 640x384, enlarged by nano's upscaler: frames under 256 lines can't carry the watermark"
        )
        small = plan(Shot("a", size=Size(160, 96)))
        assert "delivered at 480x288, enlarged by Lanczos' filter" in changes(small)[0, "size"].why
        assert (small.calls[0].enlarge, small.calls[0].enlarged_by) == (3, "lanczos")
        assert (0, "size") not in changes(plan(Shot("a", size=Size(480, 288))))
        assert plan(Shot("a", size=Size(480, 288))).calls[0].delivered_size == (480, 288)
        lines = models.get("nano").changed(sizes=((336, 272),), upscaler=False)
        assert "nano delivers 288 lines or more" in changes(plan(Shot("a"), model=lines))[0, "size"].why

    def test_restyling_takes_length_and_strength_from_the_clip(self):
        made = plan(Shot("ink", references=[CLIP]), model="wan2.2-t2v-a14b")
        assert (made.calls[0].task, made.calls[0].strength, made.calls[0].num_frames) == ("v2v", 0.4, 81)
        assert (0, "seconds") not in changes(made)
        short = plan(Shot("ink", references=[CLIP], seconds=8), model="wan2.2-t2v-a14b")
        assert short.calls[0].num_frames == 81
        assert changes(short)[0, "seconds"].asked == 8
        with pytest.raises(LengthNotSupported, match="the clip has 12 frames"):
            plan(Shot("ink", references=[CLIP]), probes={CLIP: Probe("video", "b" * 64, 96, 96, 16, 16.0, 1.0)})

    def test_a_picture_of_another_shape_is_cropped_and_that_is_listed(self):
        made = plan(Shot("a", references=[PICTURE], size=Size(640, 640)), model="wan2.2-i2v-a14b")
        assert (made.calls[0].width, made.calls[0].height) == (640, 640)
        assert changes(made)[0, "references"].got == "640x640"

    def test_loras_carry_their_hash_and_fit_the_experts(self):
        look = Look("ink", loras=[RAIN])
        assert plan(Shot("a", look=look)).calls[0].loras[0].sha256 == "c" * 64
        high = Lora("rain.safetensors", expert="high")
        with pytest.raises(PlanError, match="one expert"):
            plan(Shot("a", loras=[high]), probes={high: Probe("weights", "c" * 64)})
        with pytest.raises(PlanError, match="was not measured"):
            plan(Shot("a", loras=[Lora("other.safetensors")]))


class TestReferences:
    def test_a_pin_that_does_not_hold(self):
        pinned = PICTURE.with_sha256("d" * 64)
        with pytest.raises(PlanError, match="not the file that was pinned") as caught:
            plan(Shot("a", references=[pinned]), probes={pinned: PROBES[PICTURE]})
        assert "with_sha256" in caught.value.hint
        kept = PICTURE.with_sha256("a" * 64)
        assert plan(Shot("a", references=[kept]), probes={kept: PROBES[PICTURE]}).calls[0].task == "i2v"

    def test_a_clip_where_a_picture_belongs(self):
        with pytest.raises(PlanError, match=r"'mara\.png' is a clip; .* 'first_frame' takes a picture"):
            plan(Shot("a", references=[PICTURE]), probes={PICTURE: PROBES[CLIP]})

    def test_one_that_nobody_measured(self):
        with pytest.raises(PlanError, match="was not measured"):
            plan(Shot("a", references=[PICTURE]), probes={})

    def test_nothing_stands_before_a_lone_shot_or_the_first(self):
        for x in (Shot("a").continuing(), Scene("s").then(Shot("a").continuing())):
            with pytest.raises(PlanError, match="no shot before it"):
                plan(x)

    def test_a_character_with_a_picture_is_refused_where_it_is_used(self):
        mara = Character("Mara", reference=Reference.image("mara.png", role="subject"))
        scene = Scene("s", cast=[mara]).shot("rain").shot("{Mara} walks")
        with pytest.raises(RoleNotServed, match="Shot 1 of Scene 's', Mara: nano has no use") as caught:
            plan(scene)
        assert "wan2.1-vace-14b" in caught.value.hint
        assert len(plan(scene.without(1)).calls) == 1
        with pytest.raises(SpecError, match="must be 'subject'"):
            plan(Scene("s", cast=[Character("Mara", reference=PICTURE)]).shot("{Mara} walks"))

    def test_unknown_cast_names_are_refused_even_alone(self):
        with pytest.raises(UnknownName, match="there is no cast"):
            plan(Shot("{Mara} walks"))


class TestSweep:
    def test_cells_are_named_by_their_values_and_texts_by_number(self):
        sweep = Shot("a").sweep(prompt=["a secret", "another"], guidance=[3, 6.5], size=["480p", Size(480, 288)])
        names = plan(sweep).names
        assert names[0] == "prompt 0, guidance=3, size=480p"
        assert names[-1] == "prompt 1, guidance=6.5, size=480x288"
        assert plan(Shot("a").sweep(camera=["pan left"])).names[0].startswith("camera=")
        looks = Shot("a").sweep(look=["ink", None], references=[(), (PICTURE,)])
        assert plan(looks).names == tuple(f"look {a}, references {b}" for a in (0, 1) for b in (0, 1))
        pair = Shot("a", model="wan2.2-t2v-a14b").sweep(guidance=[(4, 3), (5, 1)])
        assert plan(pair).names == ("guidance=(4.0, 3.0)", "guidance=(5.0, 1.0)")

    def test_an_error_names_the_cell(self):
        with pytest.raises(LengthNotSupported, match="Sweep, seconds=9: seconds is 9"):
            plan(Shot("a").sweep(seconds=[2, 9]))


class TestScene:
    def test_an_empty_one(self):
        with pytest.raises(PlanError, match="no shots"):
            plan(Scene("s"))

    def test_it_gives_its_shots_what_they_do_not_say(self):
        scene = Scene("s", look="ink", size=Size(160, 96)).shot("a").shot("b", look="oil")
        first, second = plan(scene).calls
        assert first.prompt == "a, ink"
        assert second.prompt == "b, oil"
        assert first.delivered_size == second.delivered_size == (480, 288)

    def test_all_shots_have_the_size_of_the_first(self):
        scene = Scene("s", model="wan2.2-ti2v-5b").shot("a", references=[PICTURE]).then(Shot("b").continuing())
        first, second = plan(scene).calls
        assert (first.width, first.height) == (second.width, second.height) == (1248, 704)
        with pytest.raises(SizeNotSupported, match="the scene began with 1248x704") as caught:
            plan(scene.shot("c"))
        assert "set one on the scene" in caught.value.hint
        assert len(plan(scene.shot("c").with_size(Size(1280, 704))).calls) == 3

    def test_shots_that_cannot_be_joined(self):
        with pytest.raises(PlanError, match="12 frames a second, but the scene began with 16"):
            plan(Scene("s").shot("a", model="wan2.1-t2v-14b").shot("b", model="nano", size=Size(160, 96)))
        with pytest.raises(PlanError, match="it is 480x288, but the scene began with 640x384"):
            plan(Scene("s").shot("a").shot("b", size=Size(160, 96)))
        with pytest.raises(PlanError, match="it is 1280x720, but the scene began with 832x480"):
            plan(Scene("s", model="wan2.2-t2v-a14b").shot("a").shot("b", size="720p"))

    def test_continuing_starts_on_the_shot_before(self):
        scene = Scene("s").shot("a").then(Shot("b").continuing())
        made = plan(scene)
        item = made.calls[1].inputs[0]
        assert (item.role, item.after_shot, item.width, item.sha256) == ("first_frame", 0, 320, "")
        assert made.timeline.placements[1].skip_frames == 1
        assert made.timeline.frames == 49

    def test_inserting_a_shot_keeps_the_hash_of_one_that_continues(self):
        scene = Scene("s").shot("a").then(Shot("b").continuing())
        longer = scene.with_shots(Shot("new"), *scene.shots)
        assert plan(scene).calls[1].sha256() == plan(longer).calls[2].sha256()


class TestTimeline:
    def test_dissolves_overlap_and_fades_do_not(self):
        scene = (
            Scene("s")
            .shot("a")
            .shot("b", via=Transition.dissolve(0.5))
            .shot("c", via=Transition.fade(1))
            .shot("d", via=Transition.wipe(0.25, towards="up"))
        )
        timeline = plan(scene).timeline
        assert [item.start_frame for item in timeline.placements] == [0, 19, 44, 66]
        assert [item.transition_frames for item in timeline.placements] == [0, 6, 12, 3]
        assert timeline.placements[2].colour == "#000000"
        assert timeline.placements[3].towards == "up"
        assert timeline.frames == 4 * 25 - 6 - 3
        assert timeline.seconds == pytest.approx(timeline.frames / 12)

    @pytest.mark.parametrize("via", [Transition.dissolve(2.2), Transition.wipe(3), Transition.fade(4.4)])
    def test_one_longer_than_its_shots(self, via):
        with pytest.raises(PlanError, match=f"Shot 'end' of Scene 's': the {via.kind} of .* is longer") as caught:
            plan(Scene("s").shot("a").shot("b", via=via, name="end"))
        assert ("4.17 s" if via.kind == "fade" else "2.08 s") in caught.value.hint

    def test_two_that_meet_within_one_shot(self):
        scene = Scene("s").shot("a").shot("b", via=Transition.dissolve(1.5)).shot("c", via=Transition.dissolve(1))
        with pytest.raises(PlanError, match="Shot 2") as caught:
            plan(scene)
        assert "0.58 s" in caught.value.hint

    @given(st.lists(st.sampled_from(["cut", "dissolve", "fade", "wipe"]), max_size=8), st.floats(0.01, 1))
    def test_shots_follow_each_other_without_gaps(self, kinds, seconds):
        scene = Scene("s").shot("a")
        for kind in kinds:
            via = Transition.cut() if kind == "cut" else getattr(Transition, kind)(seconds)
            scene = scene.shot("b", via=via)
        timeline = plan(scene).timeline
        for before, item in zip(timeline.placements, timeline.placements[1:], strict=False):
            overlap = item.transition_frames if item.transition in ("dissolve", "wipe") else 0
            assert item.start_frame == before.end_frame - overlap
            assert (item.transition_frames == 0) == (item.transition == "cut")


SHOTS = st.builds(
    Shot,
    st.sampled_from(["a boat", "a bird above the sea", "rain"]),
    seconds=st.sampled_from([None, 2, 2.3]),
    camera=st.sampled_from([None, Camera.pan(20), Camera.zoom(1.3).then(Camera.static())]),
    steps=st.one_of(st.none(), st.integers(1, 50)),
    guidance=st.one_of(st.none(), st.floats(0, 20)),
    references=st.sampled_from([(), (PICTURE,), (CLIP,)]),
    look=st.sampled_from([None, "ink"]),
)


@settings(max_examples=60)
@given(st.lists(SHOTS, min_size=1, max_size=5), st.one_of(st.none(), st.integers(0, 99)))
def test_the_same_scene_always_gives_the_same_plan(shots, seed):
    first = plan(Scene("s", shots, seed=seed))
    again = plan(Scene.from_json(Scene("s", shots, seed=seed).to_json()))
    assert first == again
    assert first.to_dict() == again.to_dict()
    assert str(first) == str(again)


@given(st.text(min_size=1, max_size=30))
def test_any_prompt_plans_or_says_why_not(prompt):
    try:
        made = plan(Shot(prompt))
    except UsageError as refusal:
        assert refusal.message
        return
    assert made.calls[0].prompt


def test_bad_numbers_never_reach_a_plan():
    for bad in ({"seconds": float("nan")}, {"steps": 0}, {"steps": 1001}, {"guidance": -1}, {"shift": 0}, {"seed": -1}):
        with pytest.raises(SpecError):
            plan(Shot("a", **bad))
    for prompt in ("", "   ", "a" * 100_000):
        with pytest.raises(SpecError):
            plan(Shot(prompt))


def test_a_hundred_shots_plan_in_no_time():
    shots = [Shot(f"a boat {n}", seconds=2, camera=Camera.pan(n % 30 + 1), look="ink") for n in range(100)]
    started = time.perf_counter()
    made = plan(Scene("s", shots, seed=1))
    assert len(made.calls) == 100
    assert time.perf_counter() - started < 2


def test_planning_loads_no_array_and_no_network():
    heavy = "{'numpy', 'torch', 'diffusers', 'av', 'cv2', 'PIL', 'yaml'} & set(sys.modules)"
    code = f"import sys, wan_sdk.planning, wan_sdk.models; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
