"""From a scene to signed clips on the model that ships inside."""

import hashlib
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.studio_fixtures import SMALL, Counted
from wan_sdk import (
    Camera,
    Character,
    Cut,
    Gallery,
    Lora,
    Marking,
    Reference,
    Scene,
    Shot,
    Take,
    Takes,
    Transition,
    models,
    verify,
)
from wan_sdk.engine.protocol import CancelToken, Planned, StageDone, StepDone
from wan_sdk.errors import (
    MediaError,
    PlanError,
    RoleNotServed,
    SizeNotSupported,
    StorageError,
    UnknownModel,
    UnknownName,
    UsageError,
)
from wan_sdk.production import Production
from wan_sdk.studio import Studio

BALL = Shot("a red ball rolls over green grass at sunset", steps=3, seed=5, camera=Camera.pan(20), size=SMALL)


def test_a_shot_becomes_a_signed_take(studio):
    events = []
    take = studio.render(BALL, listen=events.append)
    assert isinstance(take, Take)
    assert take.frames.shape == (take.recipe.calls[0].num_frames, take.size.height, take.size.width, 3)
    assert take.frames.dtype == np.uint8
    assert min(take.size.width, take.size.height) >= 256
    assert take.shot == BALL
    assert take.verify().state == "TRUSTED"
    assert take.recipe.marks.words() == "signed, watermarked"
    assert [event.index for event in events if isinstance(event, StepDone)] == [1, 2, 3]
    assert events[0] == Planned(take.recipe.calls)
    done = [event.stage for event in events if isinstance(event, StageDone)]
    assert set(done) == {"plan", "load", "text", "denoise", "decode", "mark", "encode", "sign"}
    assert take.poster[:2] == b"\xff\xd8"
    assert "red ball" not in repr(take)
    measured = take.measure()
    assert measured.flicker >= 0
    assert 0 <= measured.explained <= 1


def test_the_same_shot_is_not_rendered_twice_and_needs_no_engine(studio):
    first = studio.render(BALL)
    other = Studio("nano", gallery=studio.gallery.folder, maker="Ada Films")
    again = other.render(BALL)
    assert (again.id, again.reused, first.reused) == (first.id, True, False)
    assert other._engine is None
    named = other.render(BALL.with_name("ball"))
    assert (named.id, named.shot.name) == (first.id, "ball")
    program = (
        "import sys; from wan_sdk import Studio, Shot, Size, Camera;"
        f"shot = Shot({BALL.prompt!r}, steps=3, seed=5, camera=Camera.pan(20), size={SMALL});"
        f"take = Studio('nano', gallery={str(studio.gallery.folder)!r}, maker='Ada Films').render(shot);"
        "print(take.reused, 'torch' in sys.modules or 'scipy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False"]


def test_two_empty_galleries_give_identical_frames_before_marking_and_each_mark_its_own_id(studio, engine, tmp_path):
    first = studio.render(BALL)
    second = Studio("nano", gallery=tmp_path / "other", engine=engine).render(BALL)
    assert first.recipe.frames_sha256 == second.recipe.frames_sha256
    assert first.recipe.marks.watermark != second.recipe.marks.watermark


def test_fresh_renders_all_the_same(studio):
    first = studio.render(BALL)
    again = studio.render(BALL, fresh=True)
    assert not again.reused
    assert again.id != first.id
    assert again.recipe.frames_sha256 == first.recipe.frames_sha256


def test_a_lost_file_is_made_again_from_its_latents(studio):
    counted = studio._engine = Counted(studio.engine)
    take = studio.render(BALL)
    take.path.unlink()
    assert take.seconds == 25 / 12
    with pytest.raises(MediaError, match="no longer there"):
        take.save(studio.gallery.folder / "copy.mp4")
    again = studio.render(BALL)
    assert len(counted.denoised) == 1
    assert again.recipe.frames_sha256 == take.recipe.frames_sha256
    assert again.verify().state == "TRUSTED"


@pytest.fixture
def own_nano(tmp_path):
    """nano's checkpoint in a folder of the test's own, to be trained further."""
    folder = tmp_path / "own"
    shutil.copytree(resources.files("wan_sdk.nano") / "weights", folder)
    return models.at(folder, like="nano")


def train_further(model, part, tensor):
    for path in (Path(model.repo) / part).glob("*.safetensors"):
        tensors = load_file(path)
        if tensor in tensors:
            save_file({**tensors, tensor: tensors[tensor] + 0.1}, path)


def test_a_denoise_is_not_made_again_for_a_network_that_only_decodes(own_nano, tmp_path):
    from wan_sdk.engine.local import LocalEngine

    counted = Counted(LocalEngine({own_nano.key: own_nano}, offline=True))
    studio = Studio(own_nano, gallery=tmp_path / "takes", engine=counted)
    shot = Shot("a red ball on the beach", tier="draft", seconds=1, seed=2)
    made = [studio.render(shot)]
    for part, tensor, denoised in (
        ("upscaler", "last.bias", 1),
        ("vae", "decoder.conv_out.bias", 1),
        ("transformer_4step", "proj_out.bias", 2),
    ):
        train_further(own_nano, part, tensor)
        made.append(studio.render(shot))
        assert not made[-1].reused, part
        assert len(counted.denoised) == denoised, part
    assert len({take.recipe.frames_sha256 for take in made}) == 4


def test_tiers_of_one_recipe_share_their_latents(studio):
    counted = studio._engine = Counted(studio.engine)
    made = [studio.render(BALL.with_tier(tier)) for tier in ("exact", "fast")]
    assert [take.reused for take in made] == [False, False]
    assert len(counted.denoised) == 1


def test_a_sweep_gives_takes_with_named_axes(studio, tmp_path):
    takes = studio.render(BALL.with_name("Ball").sweep(seed=[1, 2], guidance=[1.0, 3.0]), out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"ball-0{number}.mp4" for number in range(1, 5)
    ]
    assert isinstance(takes, Takes)
    assert len(takes) == 4
    assert takes.pick(seed=2, guidance=1.0) is takes[2]
    assert takes[2].recipe.calls[0].seed == 2
    assert takes[2].recipe.calls[0].guidance_scale == 1.0
    with pytest.raises(UsageError, match="no axis 'steps'"):
        takes.pick(steps=4)
    with pytest.raises(UsageError, match="2 takes fit"):
        takes.pick(seed=1)
    with pytest.raises(UsageError, match="was not swept"):
        takes.pick(seed=3, guidance=1.0)


SCENE = (
    Scene("Harbour", look="watercolour", seed=7, size=SMALL)
    .shot("a boat on the sea at dawn", steps=2, camera=Camera.zoom(1.3))
    .then(Shot("a yellow bird above the sea", steps=2), via=Transition.dissolve(seconds=0.5))
)


def test_a_scene_becomes_a_cut_with_its_takes_as_ingredients(studio, tmp_path):
    cut = studio.render(SCENE, out=tmp_path / "out")
    assert isinstance(cut, Cut)
    frames = [take.recipe.calls[0].num_frames for take in cut.takes]
    assert len(cut.frames) == sum(frames) - round(0.5 * cut.fps)
    verdict = cut.verify()
    assert verdict.state == "TRUSTED"
    assert [item["relation"] for item in verdict.ingredients] == ["componentOf", "componentOf"]
    assert cut.scene == SCENE
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["harbour-01.mp4", "harbour-02.mp4", "harbour.mp4"]
    assert (tmp_path / "out" / "harbour.mp4").read_bytes() == cut.path.read_bytes()
    assert studio.render(SCENE).reused
    renamed = studio.render(SCENE.with_title("Pier"))
    assert (renamed.id, renamed.scene.title, renamed.takes[0].reused) == (cut.id, "Pier", True)
    assert [take.id for take in studio.gallery.open(cut.id).takes] == [take.id for take in cut.takes]


def test_a_scene_that_mixes_tiers_says_which_weights_made_what(studio):
    draft = Shot("a boat on the sea", tier="draft")
    scene = Scene("Two", seed=3, size=SMALL).then(draft).then(draft.with_tier("exact").with_steps(2).continuing())
    cut = studio.render(scene)
    assert [call.transformer for call in cut.recipe.calls] == ["transformer_4step", "transformer"]
    assert set(cut.recipe.weights) == {"nano", "nano/transformer_4step"}
    for take, call in zip(cut.takes, cut.recipe.calls, strict=True):
        assert list(take.recipe.weights.values()) == [studio.weights_sha256(call)]
    assert cut.takes[0].recipe.to_dict()["calls"][0]["enlarged_by"] == "lanczos"


def test_a_draft_at_nanos_own_size_is_enlarged_by_its_upscaler_before_it_is_marked(studio):
    take = studio.render(Shot("a red ball on the beach", tier="draft", seconds=1, seed=2))
    assert (take.size.width, take.size.height, len(take.frames)) == (640, 384, 13)
    assert take.verify().state == "TRUSTED"
    assert take.recipe.marks.words() == "signed, watermarked"


def test_a_take_of_a_scene_is_made_again_by_its_own_shot(studio):
    mara = Character("Mara", looks="red raincoat")
    cut = studio.render(SCENE.with_cast(mara).replacing(0, Shot("{Mara} on the sea at dawn {{x}}", steps=2)))
    for take in cut.takes:
        again = studio.render(take.shot)
        assert (again.id, again.reused) == (take.id, True)


def test_editing_one_shot_of_a_scene_renders_one_shot(studio):
    counted = studio._engine = Counted(studio.engine)
    studio.render(SCENE)
    assert len(counted.denoised) == 2
    edited = SCENE.replacing(1, SCENE[1].with_camera(Camera.tilt(-15)))
    cut = studio.render(edited)
    assert [call.shot for call in counted.denoised[2:]] == [1]
    assert [take.reused for take in cut.takes] == [True, False]


def test_a_shot_that_continues_starts_where_the_one_before_ended(studio):
    scene = Scene("Two", seed=3).then(BALL).then(Shot("the ball rolls on", steps=3).continuing())
    cut = studio.render(scene)
    assert cut.recipe.calls[1].task == "i2v"
    before = cut.takes[0].frames[-1].astype(float)
    after = cut.takes[1].frames[0].astype(float)
    unrelated = cut.takes[0].frames[0].astype(float)
    assert np.abs(before - after).mean() < 0.6 * np.abs(before - unrelated).mean()
    assert len(cut.frames) == sum(len(take.frames) for take in cut.takes) - 1
    (made_from,) = cut.takes[1].verify().ingredients
    assert (made_from["relation"], made_from["state"]) == ("inputTo", "TRUSTED")
    assert made_from["title"] == cut.takes[0].content_id


def test_shots_without_a_name_never_overwrite_each_other(studio, tmp_path):
    out = tmp_path / "out"
    first, second = BALL, BALL.with_seed(6)
    for shot in (first, second, first):
        studio.render(shot, out=out)
    assert sorted(path.name for path in out.iterdir()) == ["take-01.mp4", "take-02.mp4"]
    assert (out / "take-01.mp4").read_bytes() == studio.render(first).path.read_bytes()
    studio.render(second.sweep(seed=[6, 7]), out=out)
    assert sorted(path.name for path in out.iterdir()) == ["take-01.mp4", "take-02.mp4", "take-03.mp4"]


def test_a_picture_in_memory_starts_a_shot_and_is_kept_for_the_recipe(studio):
    picture = np.zeros((288, 480, 3), np.uint8)
    picture[:, :240] = (200, 30, 30)
    take = studio.render(Shot("a red box in a room", steps=3, seed=1, size=SMALL).starting_on(picture))
    assert take.recipe.calls[0].task == "i2v"
    first = take.frames[0].astype(float)
    assert first[:, 20:200, 0].mean() > first[:, 280:460, 0].mean() + 60
    reference = take.shot.references[0]
    assert reference.path.startswith(str(studio.gallery.folder))
    assert studio.render(take.shot).id == take.id
    assert [item["relation"] for item in take.verify().ingredients] == ["inputTo"]


def test_a_clip_is_restyled_from_a_file_and_from_memory_alike(studio):
    source = studio.render(BALL)
    restyled = studio.render(
        Shot("a red ball, pencil drawing", steps=4, seed=2, size=SMALL).restyling(source.path, strength=0.6)
    )
    call = restyled.recipe.calls[0]
    assert (call.task, call.strength) == ("v2v", 0.6)
    assert len(restyled.frames) == len(source.frames)
    assert [item["relation"] for item in restyled.verify().ingredients] == ["parentOf"]
    apart = np.abs(restyled.frames.astype(float) - source.frames).mean()
    assert 2 < apart < 60
    from_memory = studio.render(Shot("a red ball", steps=4, seed=2, size=SMALL).restyling(source.frames, strength=0.6))
    assert from_memory.recipe.calls[0].task == "v2v"


def test_nothing_says_the_prompt_but_the_index(studio):
    secret = "zqxjkvbpyu"
    take = studio.render(Shot(f"a boat {secret}", steps=2, seed=1, size=SMALL))
    assert secret.encode() not in take.path.read_bytes()
    for path in studio.gallery.folder.rglob("*"):
        assert secret not in path.name
        if path.is_file() and not path.name.startswith("index.sqlite"):
            assert secret.encode() not in path.read_bytes()
    assert len(studio.gallery.takes(secret)) == 1


def test_a_prompt_is_included_when_that_is_chosen(engine, tmp_path):
    studio = Studio("nano", gallery=tmp_path / "takes", engine=engine, marking=Marking(prompt="include"))
    take = studio.render(Shot("a boat zqxjkvbpyu", steps=2, seed=1, size=SMALL))
    assert b"zqxjkvbpyu" in take.path.read_bytes()


def test_marks_are_left_off_only_on_purpose_and_that_is_recorded(engine, tmp_path):
    marking = Marking(c2pa=False, watermark=None, unsafe_unmarked=True)
    take = Studio("nano", gallery=tmp_path / "takes", engine=engine, marking=marking).render(BALL)
    assert take.recipe.marks.words() == "unmarked on purpose"


def test_save_copies_the_signed_bytes(studio, tmp_path):
    take = studio.render(BALL)
    copy = take.save(tmp_path / "copy.mp4")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == hashlib.sha256(take.path.read_bytes()).hexdigest()
    assert verify(copy).state == "TRUSTED"
    assert take.save(tmp_path).name == take.path.name
    with pytest.raises(StorageError):
        take.save(copy / "below" / "a-file.mp4")


def test_a_scene_that_says_how_it_is_marked_says_it_for_its_takes_too(engine, tmp_path):
    studio = Studio("nano", gallery=tmp_path / "takes", engine=engine, marking=Marking(prompt="include"))
    scene = Scene("Quiet", marking=Marking()).shot("a boat zqxjkvbpyu", steps=2, seed=1, size=SMALL)
    cut = studio.render(scene)
    for clip in (cut, *cut.takes):
        assert b"zqxjkvbpyu" not in clip.path.read_bytes()


def test_a_marked_clip_is_not_called_unmarked_and_one_mark_is_named(engine, tmp_path):
    def words(marking):
        return (
            Studio("nano", gallery=tmp_path / "takes", engine=engine, marking=marking).render(BALL).recipe.marks.words()
        )

    assert words(Marking(unsafe_unmarked=True)) == "signed, watermarked"
    assert words(Marking(c2pa=False)) == "not signed, watermarked"


def test_what_did_not_go_as_wished_stands_in_the_recipe_and_on_the_slate(engine, tmp_path, own_home):
    marking = Marking(tsa="best_effort")
    (own_home / "config.toml").write_text('tsa_url = "http://127.0.0.1:9/stamp"\n')
    studio = Studio("nano", gallery=tmp_path / "takes", engine=engine, marking=marking, offline=True)
    studio.render(BALL)
    take = studio.render(BALL)
    assert take.reused
    assert "signed without a time stamp" in take.recipe.marks.words()


def test_without_latents_a_shot_that_is_continued_is_rendered_again(engine, tmp_path):
    counted = Counted(engine)
    studio = Studio("nano", gallery=Gallery(tmp_path / "takes", keep_latents=False), engine=counted)
    first = Shot("a red ball on green grass", steps=2, seed=5, size=SMALL)
    studio.render(Scene("One", seed=3).then(first))
    cut = studio.render(Scene("Two", seed=3).then(first).then(Shot("the ball rolls on", steps=2).continuing()))
    assert [take.reused for take in cut.takes] == [True, False]
    assert [call.shot for call in counted.denoised] == [0, 0, 1]


def test_a_cut_claims_what_holds_for_all_its_shots(studio):
    cut = studio.render(SCENE)
    production = Production(studio, SCENE, studio.plan(SCENE), fresh=False, listen=print, cancel=CancelToken())
    claims = production._claims("cut", cut.recipe.calls, (), len(cut.frames))
    assert (claims.model, claims.steps, claims.seed) == ("nano", 2, None)
    assert cut.recipe.seconds["denoise"] > 0


def test_arrays_in_a_sweep_are_kept_as_files_too(studio):
    dark, light = (np.full((288, 480, 3), value, np.uint8) for value in (20, 220))
    starts = [(Reference.image(picture, role="first_frame"),) for picture in (dark, light)]
    takes = studio.render(Shot("a box in a room", steps=2, seed=1, size=SMALL).sweep(references=starts))
    assert takes[0].frames[0].mean() < takes[1].frames[0].mean()
    assert all(take.shot.references[0].path.startswith(str(studio.gallery.folder)) for take in takes)


def test_a_refused_plan_leaves_nothing_and_a_locked_gallery_is_a_typed_error(tmp_path):
    shot = Shot("a box", steps=2).starting_on(np.zeros((96, 160, 3), np.uint8))
    with pytest.raises(SizeNotSupported):
        Studio(gallery=tmp_path / "takes").render(shot.with_size("640x360"))
    assert not (tmp_path / "takes").exists()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be written"):
        Studio(gallery=tmp_path / "file" / "takes").render(shot)


@pytest.fixture
def bad_files(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.png").write_text("not a picture")
    return tmp_path


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda f: BALL.with_model("wan9"), UnknownModel, "wan9"),
        (lambda f: BALL.with_size("640x360"), SizeNotSupported, "640x360"),
        (lambda f: BALL.with_seconds(4000), UsageError, "4000"),
        (lambda f: BALL.with_steps(5000), UsageError, "5000"),
        (lambda f: BALL.with_seconds(float("nan")), UsageError, "nan"),
        (lambda f: Shot("   "), UsageError, "empty"),
        (lambda f: Shot("x" * 100_000), UsageError, "100"),
        (lambda f: BALL.restyling("x.mp4", strength=1.5), UsageError, "1.5"),
        (lambda f: BALL.starting_on(f / "missing.png"), MediaError, "missing.png"),
        (lambda f: BALL.starting_on(f / "empty.png"), MediaError, "empty"),
        (lambda f: BALL.starting_on(f / "words.png"), MediaError, "words.png"),
        (lambda f: BALL.starting_on(f), MediaError, "folder"),
        (lambda f: Scene("S").shot("{Mira} walks"), UnknownName, "Mira"),
        (lambda f: Scene("S").then(BALL).then(BALL, via=Transition.dissolve(seconds=30)), PlanError, "30"),
        (lambda f: Scene("S"), UsageError, "no shots"),
    ],
)
def test_what_cannot_be_is_refused_before_any_weight_is_loaded(bad_files, make, error, says):
    studio = Studio(gallery=bad_files / "takes")
    with pytest.raises(error, match=says) as caught:
        studio.render(make(bad_files))
    assert caught.value.hint or "must be" in caught.value.message
    assert studio._engine is None
    assert not list((bad_files / "takes").rglob("*.mp4"))


def test_a_role_that_nano_cannot_serve_names_the_models_that_can(bad_files):
    from wan_sdk.media.encode import write_png

    write_png(np.zeros((64, 64, 3), np.uint8), bad_files / "mara.png")
    shot = BALL.with_reference(Reference.image(bad_files / "mara.png", role="subject"))
    with pytest.raises(RoleNotServed, match="subject") as caught:
        Studio("nano", gallery=bad_files / "takes").plan(shot)
    assert "vace" in caught.value.hint


def test_a_studio_refuses_what_it_does_not_know():
    with pytest.raises(UnknownModel, match="nanoo"):
        Studio("nanoo")
    with pytest.raises(UsageError, match="tier"):
        Studio(tier="best")
    with pytest.raises(UsageError, match="gpus"):
        Studio(gpus=2)
    with pytest.raises(UsageError, match="cannot be rendered"):
        Studio().plan("a boat")
    with pytest.raises(UsageError, match="Marking"):
        Studio(marking="off")
    for maker in ("Ada\nFilms", "A" * 400, 7):
        with pytest.raises(UsageError, match="maker"):
            Studio(maker=maker)


def test_a_label_that_is_always_wanted_is_drawn_and_claimed(studio, engine, tmp_path):
    plain = studio.render(BALL)
    labelling = Studio("nano", gallery=tmp_path / "labelled", engine=engine, marking=Marking(label="always"))
    labelled = labelling.render(BALL)
    assert labelled.recipe.frames_sha256 == plain.recipe.frames_sha256
    apart = np.abs(labelled.frames.astype(int) - plain.frames).max(axis=(0, 3))
    assert apart[: apart.shape[0] // 5].max() > 100
    assert apart[apart.shape[0] // 2 :].max() < 60
    assert labelled.verify().state == "TRUSTED"


def test_what_this_version_does_not_do_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "rain.safetensors").write_bytes(b"weights")
    with_lora = BALL.with_loras(Lora(tmp_path / "rain.safetensors"))
    for marking, shot, says in (
        (None, with_lora, "LoRA"),
        (Marking(tsa="required"), BALL, "offline"),
    ):
        with pytest.raises(UsageError, match=says):
            Studio("nano", gallery=tmp_path / "takes", marking=marking, offline=True).submit(shot)
    assert not (tmp_path / "takes").exists()


def test_an_output_folder_that_cannot_be_written_is_refused_before_rendering(engine, tmp_path):
    counted = Counted(engine)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be written"):
        Studio("nano", gallery=tmp_path / "takes", engine=counted).render(BALL, out=tmp_path / "file" / "out")
    assert counted.denoised == []
