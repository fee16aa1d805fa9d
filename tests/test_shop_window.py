"""The names users count on, and what importing the package may cost."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import wan_sdk

PROMISED = {
    "Scene", "Shot", "Camera", "Reference", "Character", "Look", "Lora", "Transition", "Sweep", "Size", "Marking",
    "Studio", "default_studio", "render", "plan", "submit",
    "Take", "Takes", "Cut", "Gallery", "Job", "Plan",
    "verify", "Verdict", "models", "errors", "__version__",
}  # fmt: skip
HEAVY = (
    "torch",
    "diffusers",
    "transformers",
    "numpy",
    "av",
    "cv2",
    "PIL",
    "matplotlib",
    "IPython",
    "ipywidgets",
    "c2pa",
)


def test_the_shop_window_holds_what_was_promised_and_nothing_else():
    assert set(wan_sdk.__all__) == PROMISED
    assert set(dir(wan_sdk)) == PROMISED


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_promised_name_is_there(name):
    assert getattr(wan_sdk, name) is not None


def test_an_unknown_name_points_to_the_nearest():
    with pytest.raises(AttributeError, match="Studio"):
        wan_sdk.Studo  # noqa: B018


def test_no_room_shadows_a_public_function():
    for room in pkgutil.walk_packages(wan_sdk.__path__, "wan_sdk."):
        importlib.import_module(room.name)
    for name in ("render", "plan", "submit", "verify", "default_studio"):
        assert callable(getattr(wan_sdk, name)), name
    for name in ("Studio", "Take", "Cut", "Gallery", "Job", "Plan", "Verdict"):
        assert isinstance(getattr(wan_sdk, name), type), name


def test_importing_the_package_and_writing_a_scene_loads_nothing_heavy():
    program = (
        "import sys, wan_sdk; from wan_sdk import Scene, Camera;"
        "Scene('a').shot('b', camera=Camera.pan(3)).to_json(); wan_sdk.models.get('nano');"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
