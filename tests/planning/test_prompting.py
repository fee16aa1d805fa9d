import pytest
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk import models
from wan_sdk.errors import UnknownName
from wan_sdk.planning.prompting import loras_of, negative_text, prompt_text
from wan_sdk.spec import Camera, Character, Look, Lora

MARA = Character("Mara", looks="red raincoat")
NANO, A14B = models.get("nano"), models.get("wan2.2-t2v-a14b")


def test_prompt_then_look_then_camera():
    text = prompt_text("{Mara} walks.", cast=[MARA], look=Look("watercolour."), camera=Camera.pan(-20))
    assert text == "Mara (red raincoat) walks, watercolour, the camera pans 20 degrees to the left"


def test_a_prompt_alone_is_left_as_it_is():
    assert prompt_text("A boat, at dawn.") == "A boat, at dawn."


@pytest.mark.parametrize("prompt", ["a boat", "a boat.", "a boat, ", "a boat。", "a boat,."])
def test_no_doubled_stops_where_parts_meet(prompt):
    assert prompt_text(prompt, look=Look("ink")) == "a boat, ink"


def test_questions_and_exclamations_stay():
    assert prompt_text("who is there?", look=Look("ink")) == "who is there?, ink"


def test_an_unknown_character_names_the_shot_and_the_nearest():
    with pytest.raises(UnknownName, match="Shot 'pier'") as caught:
        prompt_text("{Mera} walks", cast=[MARA], where="Shot 'pier'")
    assert "{Mara}" in caught.value.hint


def test_the_negative_prompt():
    assert negative_text(None, None, A14B) == A14B.negative
    assert negative_text("blur", Look("ink", negative="photo"), A14B) == "blur"
    assert negative_text("", Look("ink", negative="photo"), A14B) == ""
    assert negative_text(None, Look("ink", negative="photo"), A14B) == A14B.negative + ", photo"
    assert negative_text(None, Look("ink", negative="photo"), NANO) == "photo"
    assert negative_text(None, Look("ink"), NANO) == ""


def test_loras_of_the_look_come_first_and_none_twice():
    rain, snow = Lora("rain.safetensors"), Lora("snow.safetensors", weight=0.5)
    assert loras_of(Look("ink", loras=[rain]), (snow, rain)) == (rain, snow)
    assert loras_of(None, (snow,)) == (snow,)


@given(st.sampled_from(["a boat", "a boat。", "{{x}}", "a\nb"]), st.floats(-90, 90).filter(bool))
def test_the_words_of_the_camera_end_the_prompt(prompt, degrees):
    camera = Camera.pan(degrees)
    assert prompt_text(prompt, camera=camera).endswith(", " + camera.words())
