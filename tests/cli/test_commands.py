"""The command line as programs use it: JSON, exit codes, and words for people."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.studio_fixtures import SMALL
from wan_sdk import Camera, Scene
from wan_sdk.cli import run
from wan_sdk.cli.progress import terminal_progress
from wan_sdk.cli.render import demo_scene
from wan_sdk.engine.protocol import Planned, StageStarted, StepDone
from wan_sdk.planning import resolve
from wan_sdk.studio import Studio

SCENE = (
    Scene("Pier", seed=3, size=SMALL)
    .shot("a boat on the sea", steps=2, camera=Camera.zoom(1.3))
    .shot("a bird", steps=2)
)


@pytest.fixture
def scene_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SCENE.save(tmp_path / "pier.yaml")
    return "pier.yaml"


def said(capsys):
    out, err = capsys.readouterr()
    return (json.loads(out) if out.strip().startswith("{") else out), err


def test_render_then_verify_then_render_again(scene_file, capsys):
    assert run(["render", scene_file, "--out", "out", "--json"]) == 0
    report, _ = said(capsys)
    assert report["schema"] == "wan_sdk.Render/1"
    assert report["file"] == "out/pier.mp4"
    assert [take["shot"] for take in report["takes"]] == [0, 1]
    assert set(report["takes"][0]) == {"file", "shot", "seed", "model", "reused", "frames_sha256"}
    assert report["verdict"]["state"] == "TRUSTED"
    assert list(report["seconds"]) == ["plan", "load", "text", "denoise", "decode", "mark", "encode", "sign", "total"]
    assert report["seconds"]["denoise"] > 0

    assert run(["verify", "out/pier.mp4", "--json"]) == 0
    verdict, _ = said(capsys)
    assert verdict["schema"] == "wan_sdk.Verdict/1"
    assert verdict["file"] == "out/pier.mp4"
    assert {"c2pa", "watermark", "ledger", "fingerprint", "label", "tags"} <= set(verdict["layers"])

    assert run(["render", scene_file, "--out", "out", "--json"]) == 0
    again, _ = said(capsys)
    assert [take["reused"] for take in again["takes"]] == [True, True]
    assert again["seconds"]["denoise"] == 0

    assert run(["verify", "out/pier.mp4"]) == 0
    words, _ = said(capsys)
    assert words.startswith("TRUSTED")


def test_a_render_plans_once(scene_file, monkeypatch, capsys):
    planned = []

    def counted(*given, **options):
        planned.append(resolve(*given, **options))
        return planned[-1]

    monkeypatch.setattr("wan_sdk.studio.resolve", counted)
    assert run(["render", scene_file, "--out", "out", "--json"]) == 0
    assert said(capsys)[0]["verdict"]["state"] == "TRUSTED"
    assert len(planned) == 1


def test_a_terminal_shows_the_shot_and_how_much_is_done(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    calls = Studio("nano").plan(SCENE).calls
    with terminal_progress() as show:
        show(Planned(calls))
        show(StageStarted(1, "denoise"))
        for step in (1, 2, 3):
            show(StepDone(0, step, 4, 0.5, 1.0))
    assert "shot 2 of 2: denoise" in terminal.getvalue()
    assert "75 %" in terminal.getvalue()


def test_the_demo_is_two_shots_with_two_camera_moves():
    scene = demo_scene()
    assert len(scene) == 2
    assert len({shot.camera for shot in scene}) == 2


def test_plan_shows_calls_in_words_and_as_json(scene_file, capsys):
    assert run(["plan", scene_file, "--json"]) == 0
    plan, _ = said(capsys)
    assert plan["schema"] == "wan_sdk.Plan/1"
    assert len(plan["calls"]) == 2
    assert run(["plan", scene_file]) == 0
    assert "480x288" in said(capsys)[0]


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["render", "missing.yaml"], 64, "SpecError"),
        (["render", "bad.yaml"], 64, None),
        (["render", "pier.yaml", "--model", "wan9"], 64, "UnknownModel"),
        (["render", "pier.yaml", "--tier", "best"], 64, "UsageError"),
        (["render", "any_size.yaml", "--model", "wan2.2-ti2v-5b"], 1, "ModelNotHere"),
        (["render", "pier.yaml", "--out", "pier.yaml/below"], 1, "StorageError"),
        (["render"], 64, "UsageError"),
        (["nonsense"], 64, "UsageError"),
        (["verify", "x", "--effort", "huge"], 64, "UsageError"),
        (["models", "fetch", "wan9"], 64, "UnknownModel"),
    ],
)
def test_a_failure_has_its_exit_code_and_prints_json_on_standard_output(scene_file, capsys, arguments, code, kind):
    Path("bad.yaml").write_text("schema: wan_sdk.Scene/1\ntitle: x\nshoots: []\n")
    SCENE.with_size(None).save("any_size.yaml")
    assert run([*arguments, "--json"]) == code
    failure, _ = said(capsys)
    assert set(failure["error"]) == {"type", "message", "where", "hint"}
    assert kind is None or failure["error"]["type"] == kind
    assert run(arguments) == code
    out, err = said(capsys)
    assert out == ""
    assert "Traceback" not in err


def test_a_slip_in_a_scene_file_names_the_nearest_field(scene_file, capsys):
    Path("bad.yaml").write_text("schema: wan_sdk.Scene/1\ntitle: x\nshoots: []\n")
    assert run(["plan", "bad.yaml"]) == 64
    assert "shots" in said(capsys)[1]


def test_verify_gives_each_state_its_code(tmp_path, capsys):
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert run(["verify", str(tmp_path / "empty.mp4"), "--json"]) == 5
    assert said(capsys)[0]["state"] == "UNREADABLE"
    assert run(["verify", str(tmp_path / "missing.mp4")]) == 5


def test_models_and_doctor_tell_programs_and_people(capsys):
    assert run(["models", "list", "--json"]) == 0
    listed = {row["name"]: row for row in said(capsys)[0]["models"]}
    assert listed["nano"]["here"] is True
    assert listed["wan2.2-t2v-a14b"]["here"] is False
    assert run(["models", "list"]) == 0
    assert "nano" in said(capsys)[0]
    assert run(["doctor", "--json"]) == 0
    findings = {finding["what"]: finding for finding in said(capsys)[0]["findings"]}
    assert {"software", "machine", "models here", "models fit", "gallery", "signer"} <= set(findings)
    assert "nano" in findings["models fit"]["words"]


def test_bench_refuses_clips_and_suites_that_are_not_there(capsys):
    assert run(["bench", "marks", "missing.mp4"]) == 64
    assert run(["bench", "marks", "--suite", "huge"]) == 64
    assert "quick, full" in said(capsys)[1]


def test_anything_unforeseen_is_seventy_and_says_it_is_our_defect(monkeypatch, capsys):
    monkeypatch.setattr("wan_sdk.cli.render.load_scene", lambda path: 1 / 0)
    assert run(["plan", "x.yaml", "--json"]) == 70
    failure, err = said(capsys)
    assert "ZeroDivisionError" in failure["error"]["message"]
    assert "Traceback" in err


def test_an_interrupt_is_one_hundred_and_thirty(monkeypatch, capsys):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("wan_sdk.cli.render.load_scene", interrupt)
    assert run(["plan", "x.yaml", "--json"]) == 130
    assert said(capsys)[0]["error"]["type"] == "Cancelled"


def test_the_course_is_copied_and_changes_in_it_are_kept(tmp_path, capsys):
    folder = tmp_path / "course"
    assert run(["lab", str(folder), "--no-open"]) == 0
    first = folder / "01_first_take.ipynb"
    shipped = first.read_text()
    first.write_text("mine")
    assert run(["lab", str(folder), "--no-open"]) == 0
    assert first.read_text() == "mine"
    assert run(["lab", str(folder), "--no-open", "--reset"]) == 0
    assert first.read_text() == shipped
    capsys.readouterr()
    assert run(["lab", str(folder), "--no-open", "--json"]) == 0
    told, _ = said(capsys)
    assert told["schema"] == "wan_sdk.Course/1"
    assert "01_first_take.ipynb" in told["notebooks"]


def test_a_course_folder_that_cannot_be_written_is_a_typed_error(tmp_path, capsys):
    (tmp_path / "file").write_bytes(b"")
    assert run(["lab", str(tmp_path / "file" / "course"), "--no-open", "--json"]) == 1
    assert said(capsys)[0]["error"]["type"] == "StorageError"


def test_no_command_prints_the_help_and_no_empty_error(capsys):
    assert run([]) == 64
    out, err = said(capsys)
    assert "Usage" in out
    assert err == ""


def test_a_reader_that_goes_away_is_no_defect():
    command = f"{sys.executable} -c 'from wan_sdk.cli import main; main()' models list --json | head -n 1"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "{"
    assert ran.stderr == ""


def test_the_installed_command_runs():
    command = [sys.executable, "-c", "from wan_sdk.cli import main; main()", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert ran.stdout.startswith("wan-sdk ")
