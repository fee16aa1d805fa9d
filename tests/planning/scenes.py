"""The scenes whose plans are kept in tests/data/plans; run this file to write them again."""

from __future__ import annotations

import json
from pathlib import Path

from wan_sdk import models
from wan_sdk.planning import Machine, Probe, resolve
from wan_sdk.spec import Camera, Character, Look, Lora, Reference, Scene, Shot, Size, Transition

PLANS = Path(__file__).parents[1] / "data" / "plans"
ESTIMATED = ("seconds", "cut_seconds", "memory_gb", "estimates", "machine")

LAPTOP = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)
SERVER = Machine("cuda", "server", memory_gb=141, tflops=400, dtype="bfloat16")

SQUARE = Reference.image("square.png")
WIDE = Reference.image("wide.png")
LAST = Reference.image("last.png", role="last_frame")
WALK = Reference.video("walk.mp4", strength=0.6)
CLIP = Reference.video("clip.mp4", role="continue")
RAIN = Lora("rain.safetensors", weight=0.8, expert="high")
PROBES = {
    SQUARE: Probe("image", "1" * 64, 1000, 1000),
    WIDE: Probe("image", "2" * 64, 1920, 1080),
    LAST: Probe("image", "3" * 64, 1920, 1080),
    WALK: Probe("video", "4" * 64, 1280, 720, frames=75, fps=30.0, seconds=2.5),
    CLIP: Probe("video", "5" * 64, 480, 288, frames=25, fps=12.0, seconds=25 / 12),
    RAIN: Probe("weights", "6" * 64),
}
WORDS = frozenset(
    {
        "a",
        "above",
        "at",
        "bird",
        "boat",
        "by",
        "camera",
        "dawn",
        "degrees",
        "down",
        "in",
        "on",
        "sea",
        "slowly",
        "the",
        "tilts",
        "times",
        "yellow",
        "zooms",
    }
)

MARA = Character("Mara", looks="red raincoat, short grey hair")

HARBOUR = (
    Scene("Harbour", look="watercolour", seed=7)
    .shot("a boat on the sea at dawn", seconds=2, camera=Camera.zoom(1.3))
    .shot("a yellow bird above the sea", seconds=2, camera=Camera.tilt(-15), via=Transition.dissolve(0.5))
)

SCENES = {
    "nano-shot": (Shot("a red ball rolls over green grass", seconds=2, camera=Camera.pan(20)), {}),
    "nano-scene-dissolve": (HARBOUR, {"vocabulary": WORDS}),
    "nano-scene-transitions": (
        Scene("Ways", seed=1)
        .shot("a boat")
        .shot("a boat", via=Transition.fade(1, colour="white"))
        .shot("a bird", via=Transition.wipe(0.5, towards="up"), name="bird")
        .shot("a bird", camera="slow push in"),
        {},
    ),
    "nano-continuing": (
        Scene("Walk", seed=3, cast=[MARA])
        .shot("{Mara} walks", size="480p")
        .then(Shot("{Mara} stops").continuing())
        .then(Shot("rain").continuing(), via=Transition.dissolve(0.25)),
        {},
    ),
    "nano-i2v": (Shot("she turns", references=[SQUARE], size=Size(480, 288)), {}),
    "nano-v2v": (Shot("watercolour on rough paper", references=[WALK]), {}),
    "nano-continuing-a-clip": (Shot("the bird flies on", references=[CLIP], name="on"), {}),
    "nano-draft": (Shot("a boat", tier="draft", seed=291466), {}),
    "nano-draft-of-own-steps": (Shot("a boat", tier="draft", steps=9, seed=291466), {}),
    "nano-draft-restyled": (Shot("watercolour on rough paper", references=[WALK], tier="draft", seed=291466), {}),
    "nano-small": (Shot("a boat", size=Size(160, 96), seconds=2), {}),
    "nano-square": (Shot("a boat", size="1:1"), {}),
    "nano-short": (Shot("a boat", seconds=1), {}),
    "nano-long": (Shot("a boat", seconds=4), {}),
    "nano-sweep": (Shot("a boat").sweep(seed=range(2), guidance=[3, 6]), {}),
    "a14b-scene": (HARBOUR.with_size("720p"), {"model": "wan2.2-t2v-a14b", "machine": SERVER, "maker": "Studio Lumen"}),
    "a14b-recipe-left": (
        Shot(
            "a street in rain",
            seconds=8,
            size="1:1",
            guidance=5,
            shift=3,
            steps=20,
            look=Look("pencil", negative="photo", loras=[RAIN]),
        ),
        {"model": "wan2.2-t2v-a14b", "machine": SERVER},
    ),
    "a14b-i2v": (Shot("she turns", references=[SQUARE], size="480p"), {"model": "wan2.2-i2v-a14b", "machine": SERVER}),
    "a14b-flf2v": (
        Shot("the tide comes in", references=[WIDE, LAST], camera=Camera.static()),
        {"model": "wan2.2-i2v-a14b", "machine": SERVER},
    ),
    "wan21-i2v-handheld": (
        Shot("she runs", references=[WIDE], camera=Camera.handheld(), guidance=1, negative="blur"),
        {"model": "wan2.1-i2v-14b-480p", "machine": SERVER},
    ),
    "5b-scene": (
        Scene("Two", model="wan2.2-ti2v-5b", size="9:16", fps=24)
        .shot("a tower", seconds=5)
        .then(Shot("its top", references=[WIDE])),
        {"machine": SERVER},
    ),
    "13b-v2v": (Shot("a knight walks", references=[WALK], seconds=2), {"model": "wan2.1-t2v-1.3b", "machine": SERVER}),
}


def plan_of(name):
    x, options = SCENES[name]
    return resolve(x, **{"catalogue": models.catalogue(), "machine": LAPTOP, "probes": PROBES, **options})


def plain(plan):
    """Return a plan as plain data, without what depends on the machine."""
    data = json.loads(json.dumps(plan.to_dict(), ensure_ascii=False))
    return {key: value for key, value in data.items() if key not in ESTIMATED}


if __name__ == "__main__":
    for name in SCENES:
        text = json.dumps(plain(plan_of(name)), indent=1, ensure_ascii=False)
        (PLANS / f"{name}.json").write_text(text + "\n", "utf-8")
