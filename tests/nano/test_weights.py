"""The weights in the package draw what a prompt asks for, as the judge reads it."""

from pathlib import Path

import torch

from tests.nano.judged import told_by
from wan_sdk.nano.evaluation.generate import Sampling, from_text, load_pipeline
from wan_sdk.nano.evaluation.score import Expected

WEIGHTS = Path(__file__).parents[2] / "wan_sdk" / "nano" / "weights"
ASKED = {
    "a green turtle walks on the beach": Expected("turtle", "green", place="beach"),
    "a blue car in the desert, the camera tilts up by 15 degrees": Expected(
        "car", "blue", place="desert", moves=("tilt up",)
    ),
    "an orange fish above the sea at sunset, watercolour": Expected(
        "fish", "orange", place="sea", time="sunset", style="watercolour"
    ),
    "a purple star in the snow, the camera rolls clockwise by 30 degrees": Expected(
        "star", "purple", place="snow", moves=("roll clockwise",)
    ),
}


def test_prompts_are_obeyed():
    how = Sampling("transformer", steps=8, frames=25, height=96, width=160, batch=4)
    with torch.no_grad():
        clips = from_text(load_pipeline(WEIGHTS, how, torch.device("cpu"), torch.float32), list(ASKED), how)
    told = told_by(clips, ASKED.values())
    assert len(told) >= 16
    assert sum(told) >= len(told) - 1
