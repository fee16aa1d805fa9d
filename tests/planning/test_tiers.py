"""Which transformer makes a draft, and what becomes of what a shot says itself."""

import hashlib
import json

import pytest

from wan_sdk import models
from wan_sdk.planning import Machine, Probe, resolve
from wan_sdk.planning.call import Call
from wan_sdk.spec import Look, Reference, Scene, Shot, Size

LAPTOP = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)
NANO = models.get("nano")


def plan(x, **options):
    return resolve(x, **{"catalogue": models.catalogue(), "machine": LAPTOP, "probes": {}, **options})


def how(call):
    return call.transformer, call.num_inference_steps, call.guidance_scale, call.sampler


def changed(made):
    return {change.field: (change.asked, change.got) for change in made.changes if change.field != "size"}


def test_a_draft_is_made_by_the_student_and_the_plan_says_so():
    made = plan(Shot("a"), tier="draft")
    assert how(made.calls[0]) == ("transformer_4step", 4, 1.0, "dpm1")
    assert made.calls[0].tier == "draft"
    assert changed(made) == {"steps": (12, 4), "guidance": (2.5, 1.0)}
    assert not made.notes


@pytest.mark.parametrize("tier", ["exact", "fast"])
def test_the_other_tiers_keep_the_authors_recipe(tier):
    made = plan(Shot("a"), tier=tier)
    assert how(made.calls[0]) == ("transformer", 12, 2.5, "unipc")
    assert changed(made) == {}


def test_the_tier_of_a_shot_wins_and_a_scene_may_mix_them():
    made = plan(Scene("s").shot("a", tier="exact").shot("b"), tier="draft")
    assert [call.transformer for call in made.calls] == ["transformer", "transformer_4step"]


def test_the_student_is_another_call_with_another_hash():
    draft = plan(Shot("a", seed=1), tier="draft").calls[0]
    same_numbers = plan(Shot("a", seed=1, steps=4, guidance=1)).calls[0]
    assert same_numbers.transformer == "transformer"
    assert draft.sha256() != same_numbers.sha256()


@pytest.mark.parametrize("said", [{"steps": 4}, {"guidance": 1}, {"steps": 4, "guidance": 1, "shift": 3}])
def test_what_fits_the_student_is_made_by_it(said):
    made = plan(Shot("a", **said), tier="draft")
    assert how(made.calls[0]) == ("transformer_4step", 4, 1.0, "dpm1")
    assert not set(said) & set(changed(made))


@pytest.mark.parametrize(
    ("said", "steps", "guidance", "words"),
    [
        ({"steps": 9}, 9, 2.5, "9 steps"),
        ({"guidance": 5}, 6, 5.0, "guidance 5"),
        ({"steps": 4, "guidance": 3}, 4, 3.0, "guidance 3"),
        ({"steps": 6, "guidance": 1}, 6, 1.0, "6 steps"),
        ({"shift": 5}, 6, 2.5, "shift 5"),
        ({"negative": "rain"}, 6, 2.5, "a negative prompt"),
        ({"steps": 2, "guidance": 2, "shift": 8}, 2, 2.0, "2 steps and guidance 2 and shift 8"),
    ],
)
def test_what_the_student_does_not_know_is_made_by_its_teacher_as_asked(said, steps, guidance, words):
    made = plan(Shot("a", **said), tier="draft")
    assert how(made.calls[0]) == ("transformer", steps, guidance, "unipc")
    assert made.calls[0].flow_shift == said.get("shift", 3.0)
    assert changed(made)["tier"] == ("draft", f"draft with {words}")
    (change,) = (change for change in made.changes if change.field == "tier")
    assert "knows 4 steps, guidance 1, shift 3 alone; the transformer that it learned from" in change.why


@pytest.mark.parametrize(
    "model", [NANO.changed(draft=None), models.get("wan2.2-t2v-a14b")], ids=lambda model: model.key
)
def test_without_a_student_a_draft_runs_half_the_steps_unless_told(model):
    made = plan(Shot("a"), tier="draft", model=model)
    assert made.calls[0].num_inference_steps == model.steps / 2
    assert made.calls[0].transformer == "transformer"
    assert changed(made) == {"steps": (model.steps, model.steps / 2)}
    assert plan(Shot("a", steps=9), tier="draft", model=model).calls[0].num_inference_steps == 9


def test_a_restyle_starts_where_its_strength_says_so_the_student_does_not_make_it():
    walk = Reference.video("walk.mp4", strength=0.6)
    probes = {walk: Probe("video", "4" * 64, 640, 384, frames=25, fps=12.0, seconds=25 / 12)}
    made = plan(Shot("a", references=[walk]), tier="draft", probes=probes)
    assert how(made.calls[0]) == ("transformer", 6, 1.5, "unipc")
    assert changed(made)["tier"] == ("draft", "draft with a clip to restyle")
    asked = plan(Shot("a", references=[walk], guidance=3), tier="exact", probes=probes)
    assert how(asked.calls[0]) == ("transformer", 12, 3.0, "unipc")


def test_the_student_keeps_its_own_shift():
    shifted = NANO.changed(flow_shift=5.0)
    assert plan(Shot("a"), tier="draft", model=shifted).calls[0].flow_shift == 3.0
    assert plan(Shot("a"), tier="exact", model=shifted).calls[0].flow_shift == 5.0
    assert plan(Shot("a", shift=5), tier="draft", model=shifted).calls[0].transformer == "transformer"


def test_a_looks_negative_prompt_goes_unread_without_guidance_and_a_note_says_so():
    made = plan(Shot("a", look=Look("dry", negative="rain")), tier="draft")
    assert made.calls[0].transformer == "transformer_4step"
    assert [note.text for note in made.notes] == ["guidance 1 leaves the negative prompt unread"]


def test_calls_from_before_there_were_students_keep_their_hash():
    call = plan(Shot("a", seed=1, size=Size(160, 96))).calls[0]
    assert call.enlarged_by == "lanczos"
    earlier = call.to_dict()
    del earlier["transformer"], earlier["enlarged_by"]
    text = json.dumps({**{k: v for k, v in earlier.items() if k != "shot"}}, sort_keys=True)
    assert call.sha256() == hashlib.sha256(text.encode()).hexdigest() == Call.from_dict(earlier).sha256()
