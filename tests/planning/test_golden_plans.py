import json

import pytest

from tests.planning.scenes import HARBOUR, LAPTOP, PLANS, SCENES, SERVER, plain, plan_of
from wan_sdk import models
from wan_sdk.planning import Call, Machine, resolve


@pytest.mark.parametrize("name", SCENES)
def test_the_plan_is_the_one_that_was_kept(name):
    kept = json.loads((PLANS / f"{name}.json").read_text("utf-8"))
    assert plain(plan_of(name)) == kept


def test_every_kept_plan_has_its_scene():
    assert {path.stem for path in PLANS.glob("*.json")} == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_calls_come_back_from_plain_data_and_keep_their_hash(name):
    for call in plan_of(name).calls:
        back = Call.from_dict(json.loads(json.dumps(call.to_dict())))
        assert back == call
        assert back.sha256() == call.sha256()


def test_the_hash_of_a_plan_is_of_what_is_made_not_of_where():
    options = {"catalogue": models.catalogue(), "probes": {}}
    here = resolve(HARBOUR, machine=LAPTOP, **options)
    there = resolve(HARBOUR.with_title("Quay"), machine=SERVER, maker="Lumen", **options)
    slower = resolve(HARBOUR, machine=Machine("cpu", "old", 4, 0.01), **options)
    assert here.sha256() == there.sha256() == slower.sha256()
    assert slower.seconds > here.seconds > there.seconds
    assert resolve(HARBOUR.with_seed(8), machine=LAPTOP, **options).sha256() != here.sha256()


def test_the_same_shot_alone_and_in_a_scene_without_a_seed_is_one_call():
    options = {"catalogue": models.catalogue(), "probes": {}, "machine": LAPTOP}
    scene = HARBOUR.with_seed(None).with_look(None)
    alone = resolve(scene[0], **options).calls[0]
    assert alone.sha256() == resolve(scene, **options).calls[0].sha256()


def test_a_plan_prints_as_a_table():
    text = str(plan_of("nano-scene-dissolve"))
    assert text.startswith("Plan of scene 'Harbour': 2 calls, 3.67 s long; about ")
    heading = next(line for line in text.splitlines() if line.startswith("#"))
    assert " ".join(heading.split()) == "# shot model task size frames length steps guidance shift seed estimate"
    assert "320x192 to 640x384" in text
    assert "frames under 256 lines can't carry the watermark" in text
    assert "every shot: nano does not know watercolour" in text
    rows = [line for line in text.splitlines() if " t2v " in line]
    assert len({line.index(" t2v ") for line in rows}) == 1


def test_plain_data_of_a_plan():
    data = plan_of("a14b-scene").to_dict()
    assert data["schema"] == "wan_sdk.Plan/1"
    assert data["maker"] == "Studio Lumen"
    assert data["timeline"]["fps"] == 16
    assert len(data["calls"]) == len(data["names"]) == len(data["estimates"]) == 2
    json.dumps(data)
