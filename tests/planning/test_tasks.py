import pytest

from wan_sdk import models
from wan_sdk.errors import PlanError, RoleNotServed
from wan_sdk.planning.tasks import Sources, sources_of
from wan_sdk.spec import Reference

FIRST, LAST = Reference.image("a.png"), Reference.image("b.png", role="last_frame")
CLIP, PREVIOUS = Reference.video("c.mp4"), Reference.previous()
GO_ON = Reference.video("c.mp4", role="continue")


def task(references, key):
    return sources_of(references, models.get(key), catalogue=models.catalogue(), where="Shot 'pier'")


@pytest.mark.parametrize(
    ("references", "model", "sources"),
    [
        ([], "nano", Sources("t2v")),
        ([FIRST], "nano", Sources("i2v", first=0)),
        ([PREVIOUS], "nano", Sources("i2v", first=0)),
        ([GO_ON], "wan2.2-i2v-a14b", Sources("i2v", first=0)),
        ([CLIP], "wan2.2-t2v-a14b", Sources("v2v", restyle=0)),
        ([LAST, FIRST], "wan2.2-i2v-a14b", Sources("flf2v", first=1, last=0)),
        ([FIRST, LAST], "wan2.1-flf2v-14b", Sources("flf2v", first=0, last=1)),
        ([PREVIOUS, LAST], "wan2.2-i2v-a14b", Sources("flf2v", first=0, last=1)),
        ([FIRST], "wan2.2-ti2v-5b", Sources("i2v", first=0)),
    ],
)
def test_the_task_follows_from_the_references(references, model, sources):
    assert task(references, model) == sources


@pytest.mark.parametrize(
    ("reference", "model", "hint"),
    [
        (FIRST, "wan2.2-t2v-a14b", "wan2.2-i2v-a14b"),
        (LAST, "nano", "wan2.1-flf2v-14b, wan2.2-i2v-a14b"),
        (CLIP, "wan2.2-i2v-a14b", "nano"),
        (Reference.image("m.png", role="subject"), "nano", "wan2.1-vace-14b can, but this version has no engine"),
        (Reference.video("m.mp4", role="control"), "nano", "wan2.1-vace-1.3b"),
        (Reference.mask("m.png"), "nano", "wan2.1-vace-1.3b"),
        (Reference.video("m.mp4", role="motion"), "nano", "wan2.2-animate-14b"),
        (Reference.image("m.png", role="style"), "nano", "say the style in words"),
        (Reference.audio("m.wav", role="voice"), "nano", "no open model here speaks"),
        (Reference.audio("m.wav"), "nano", "joins no sound"),
    ],
)
def test_a_role_that_is_not_served_names_the_models_that_serve_it(reference, model, hint):
    with pytest.raises(RoleNotServed, match=f"Shot 'pier': {model} has no use .*'{reference.role}'") as caught:
        task([reference], model)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("references", "model", "words", "hint"),
    [
        ([LAST], "wan2.2-i2v-a14b", "needs a first one", "starting_on"),
        ([FIRST, CLIP], "nano", "restyled clip has its own", "leave the other"),
        ([FIRST], "wan2.1-flf2v-14b", "needs a last frame", "ending_on"),
        ([], "wan2.1-flf2v-14b", "a first and a last frame", "starting_on"),
        ([], "wan2.2-i2v-a14b", "needs a first frame", "wan2.2-t2v-a14b"),
        ([CLIP, CLIP], "nano", "two clips", "keep one"),
    ],
)
def test_references_that_do_not_fit_together(references, model, words, hint):
    with pytest.raises(PlanError, match=words) as caught:
        task(references, model)
    assert hint in caught.value.hint


@pytest.mark.parametrize("key", [model.key for model in models.catalogue() if not model.runnable])
def test_a_model_that_cannot_be_run_says_why_and_what_can(key):
    with pytest.raises(PlanError, match="can't be run") as caught:
        task([], key)
    assert models.get(key).why_not in str(caught.value)
    assert "nano" in caught.value.hint


def test_an_unrunnable_model_names_those_that_serve_the_same_references():
    with pytest.raises(PlanError) as caught:
        task([FIRST, LAST], "wan2.1-vace-14b")
    assert caught.value.hint == "these can: wan2.1-flf2v-14b, wan2.2-i2v-a14b"
    with pytest.raises(PlanError) as caught:
        task([Reference.image("m.png", role="subject")], "wan2.1-vace-14b")
    assert "no model that runs here" in caught.value.hint
