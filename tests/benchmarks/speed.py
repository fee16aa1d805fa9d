"""Measure what the SDK adds around the model: python -m tests.benchmarks.speed (on an idle machine).

Prints one JSON object: the import, a plan of 100 shots, the stages of a take, and an unchanged scene rendered again in
a process of its own.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata

from wan_sdk import Camera, Scene, Shot, Studio

AROUND = ("mark", "encode", "sign")
MODEL = ("text", "denoise", "decode")

_IMPORT = "import time; t = time.perf_counter(); import wan_sdk; print(time.perf_counter() - t)"
_AGAIN = """
import sys, time
began = time.perf_counter()
from tests.benchmarks.speed import SCENE
from wan_sdk import Studio
Studio(gallery=sys.argv[1]).render(SCENE)
print(time.perf_counter() - began if "torch" not in sys.modules else "torch was imported")
"""

SHOT = Shot("a red ball rolls over green grass at sunset").with_camera(Camera.pan(degrees=20))
SCENE = (
    Scene("Harbour", look="watercolour", seed=7)
    .shot("a boat on the sea at dawn", seconds=2, camera=Camera.zoom(1.3))
    .shot("a yellow bird above the sea", seconds=2, camera=Camera.tilt(degrees=-15))
)


def median_seconds(work: Callable[[], object], times: int = 5) -> float:
    """Return how long some work usually takes."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def in_a_process(code: str, *arguments: str, times: int = 5) -> list[float]:
    """Return what some code prints, each time in a process of its own."""
    run = [
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True).stdout
        for _ in range(times)
    ]
    return [round(float(text), 3) for text in run]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"WAN_SDK_HOME": f"{folder}/home"}
        studio = Studio(gallery=f"{folder}/gallery")
        hundred = Scene("Hundred", seed=1)
        for number in range(100):
            hundred = hundred.shot(f"a red ball number {number} in a meadow", seconds=2, camera=Camera.zoom(1.3))
        imports = in_a_process(_IMPORT)
        plan = median_seconds(lambda: studio.plan(hundred))
        studio.render(SHOT.with_seed(0))
        takes = []
        for seed in range(1, 6):
            began = time.perf_counter()
            take = studio.render(SHOT.with_seed(seed))
            takes.append({**take.recipe.seconds, "all": time.perf_counter() - began})
        stages = {name: statistics.median(take.get(name, 0.0) for take in takes) for name in (*MODEL, *AROUND, "all")}
        studio.render(SCENE)
        again = in_a_process(_AGAIN, f"{folder}/gallery")
    around = stages["all"] - sum(stages[name] for name in MODEL)
    print(
        json.dumps(
            {
                "import_seconds": imports,
                "plan_of_100_shots_ms": round(1000 * plan, 2),
                "take_seconds_by_stage": {name: round(value, 3) for name, value in stages.items()},
                "around_the_model_seconds": round(around, 3),
                "unchanged_scene_again_seconds": again,
                "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
                "versions": {name: metadata.version(name) for name in ("torch", "diffusers", "wan-sdk")},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
