"""What is claimed, and that it follows C2PA 2.4."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

import c2pa
import pytest
import yaml

from tests.marking.conftest import PROMPT_TOKEN, claims
from wan_sdk.errors import UsageError
from wan_sdk.marking.authority import anchors_pem
from wan_sdk.marking.credentials import context
from wan_sdk.marking.manifest import (
    MADE_BY_MODEL,
    PARTLY_MADE_BY_MODEL,
    Claims,
    Ingredient,
    build_manifest,
    new_content_id,
    prompt_commitment,
)

PICTURE = Ingredient(b"\x89PNG", "image/png", "inputTo", "picture")
SOURCE = Ingredient(b"mp4", "video/mp4", "parentOf", "source")
OURS = Ingredient(b"mp4", "video/mp4", "componentOf", "ours", made_by_model=True)
FILMED = Ingredient(b"mp4", "video/mp4", "componentOf", "filmed")

# The rubric's lists, as of its version for specification 2.4; WAN_SDK_RUBRIC puts the file itself in their place.
RULES: dict[str, Any] = {
    "$deprecated_assertion_labels": [
        "c2pa.claim", "c2pa.hash.bmff.v2", "c2pa.asset-type", "c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.actions",
    ],
    "$allowed_assertions": [
        "c2pa.actions.v2", "c2pa.ingredient.v3", "c2pa.hash.bmff.v3", "c2pa.soft-binding", "c2pa.ai-disclosure",
    ],
    "$allowed_actions": [
        "c2pa.created", "c2pa.opened", "c2pa.edited", "c2pa.placed", "c2pa.watermarked.bound", "c2pa.addedText",
    ],
    "$deprecated_action_labels": ["c2pa.watermarked", "c2pa.color_adjustments", "c2pa.saved", "c2pa.produced"],
    "$inception_actions": ["c2pa.created", "c2pa.opened"],
    "$non_editorial_actions": ["c2pa.watermarked.bound"],
    "$dst_exempt_perceptible_actions": ["c2pa.placed"],
    "$standard_parameters": ["ingredients", "description", "relatedAssertions"],
    "$valid_relationship_values": ["parentOf", "inputTo", "componentOf"],
}  # fmt: skip


def actions(claimed: Claims) -> list[dict[str, Any]]:
    return build_manifest(claimed)["assertions"][0]["data"]["actions"]


def test_content_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    ids = [new_content_id() for _ in range(50)]
    assert {uuid.UUID(one).version for one in ids} == {7}
    assert len(set(ids)) == 50
    assert [one[:12] for one in ids] == sorted(one[:12] for one in ids)


@pytest.mark.parametrize(
    ("kind", "ingredients", "expected"),
    [
        ("t2v", (), [("c2pa.created", MADE_BY_MODEL)]),
        ("i2v", (PICTURE,), [("c2pa.created", MADE_BY_MODEL)]),
        ("flf2v", (PICTURE, PICTURE), [("c2pa.created", MADE_BY_MODEL)]),
        ("continue", (PICTURE,), [("c2pa.created", MADE_BY_MODEL)]),
        ("v2v", (SOURCE,), [("c2pa.opened", None), ("c2pa.edited", PARTLY_MADE_BY_MODEL)]),
        ("v2v", (), [("c2pa.created", PARTLY_MADE_BY_MODEL)]),
        ("cut", (OURS, OURS), [("c2pa.created", MADE_BY_MODEL), ("c2pa.placed", None), ("c2pa.placed", None)]),
        ("cut", (OURS, FILMED), [("c2pa.created", PARTLY_MADE_BY_MODEL), ("c2pa.placed", None), ("c2pa.placed", None)]),
        ("derived", (OURS,), [("c2pa.created", MADE_BY_MODEL), ("c2pa.placed", None)]),
    ],
)
def test_actions_and_source_types_follow_the_case(kind, ingredients, expected) -> None:
    told = actions(claims(kind, ingredients=ingredients))
    assert [(action["action"], action.get("digitalSourceType")) for action in told] == expected


def test_every_ingredient_is_spoken_of_by_one_action() -> None:
    told = actions(claims("cut", ingredients=(OURS, FILMED)))
    assert [action["parameters"]["ingredientIds"] for action in told[1:]] == [["ingredient-1"], ["ingredient-2"]]


def test_a_watermark_is_claimed_with_its_soft_binding_or_not_at_all() -> None:
    with_mark = build_manifest(claims(watermark="4c1f000000000001"))
    assert with_mark["assertions"][0]["data"]["actions"][-1]["action"] == "c2pa.watermarked.bound"
    assert with_mark["assertions"][1]["data"]["blocks"][0]["value"] == "4c1f000000000001"
    without = json.dumps(build_manifest(claims()))
    assert "watermarked" not in without
    assert "soft-binding" not in without


def test_the_prompt_is_committed_to_and_not_said() -> None:
    salt = bytes(range(32))
    written = build_manifest(claims(), salt=salt)
    assert PROMPT_TOKEN not in json.dumps(written)
    assert prompt_commitment(claims().prompt, salt) in json.dumps(written)
    assert prompt_commitment("another prompt", salt) not in json.dumps(written)


def test_a_prompt_that_is_wanted_stands_alone_in_its_assertion() -> None:
    written = build_manifest(claims(), include_prompt=True)
    holding = [item["label"] for item in written["assertions"] if PROMPT_TOKEN in json.dumps(item)]
    assert holding == ["org.wansdk.prompt"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "t2w"}, "did you mean 't2v'"),
        ({"fps": float("nan")}, "not a finite number"),
        ({"guidance": (1.0, float("inf"))}, "not a finite number"),
        ({"maker": "Ada\u202egpj.exe"}, "printable"),
        ({"maker": "x" * 301}, "at most 300"),
        ({"maker": "line\nbreak"}, "printable"),
        ({"prompt": "x" * 100_001}, "100,001"),
        ({"ingredients": (SOURCE, SOURCE)}, "at most one parent"),
    ],
)
def test_what_the_library_would_sign_unasked_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        claims(**fields)
    assert words in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("folder", ["/home/ada/models/mine", "~/mine", "./mine", "C:\\Users\\ada", "ada/secret/film"])
def test_folders_of_this_machine_are_not_written(folder: str) -> None:
    assert folder not in str(build_manifest(claims(model_repo=folder)))
    assert "Wan-AI/Wan2.1-T2V" in str(build_manifest(claims(model_repo="Wan-AI/Wan2.1-T2V")))


def test_relations_are_a_closed_vocabulary() -> None:
    with pytest.raises(UsageError, match="inputTo, parentOf, componentOf"):
        Ingredient(b"", "image/png", "childOf")  # type: ignore[arg-type]


def test_seeds_of_any_size_survive_signing(delivered, home) -> None:
    assert crjson(delivered.path, home)["manifests"][0]["assertions"]["org.wansdk.generation"]["seed"] == str(2**63 - 1)


def crjson(path: Path, home: Path) -> dict[str, Any]:
    with path.open("rb") as stream, c2pa.Reader("video/mp4", stream, context=context(anchors_pem(home))) as reader:
        return json.loads(reader.crjson())


def test_a_delivered_clip_follows_the_rubric_of_specification_2_4(delivered, home) -> None:
    check_rubric(crjson(delivered.path, home))


def check_rubric(report: dict[str, Any]) -> None:
    """Apply the rules of C2PA's asset rubric (conformance 0.2, specification 2.4) to a crJSON report."""
    given = os.environ.get("WAN_SDK_RUBRIC")
    rules = next(yaml.safe_load_all(Path(given).read_text("utf-8")))["variables"] if given else RULES
    manifest = report["manifests"][0]
    claim = manifest["claim.v2"]
    asserted: dict[str, Any] = manifest["assertions"]
    made = asserted["c2pa.actions.v2"]["actions"]

    assert manifest["label"].startswith("urn:c2pa:")
    assert manifest["validationResults"]["failure"] == []
    generator = claim["claim_generator_info"]
    generator = generator[0] if isinstance(generator, list) else generator
    assert generator["specVersion"].startswith("2.4.")
    assert "specVersion" not in claim

    labels = [label.split("__")[0] for label in asserted]
    assert not [label for label in labels if label in rules["$deprecated_assertion_labels"]]
    assert not [one for one in labels if one.startswith("c2pa.") and one not in rules["$allowed_assertions"]]
    assert all("." in label for label in labels)
    assert asserted["c2pa.actions.v2"]["allActionsIncluded"] is True
    first_actions = next(item["url"] for item in claim["created_assertions"] if "c2pa.actions" in item["url"])
    assert first_actions.endswith("c2pa.actions.v2")

    exempt = [
        *rules["$inception_actions"],
        *rules["$non_editorial_actions"],
        *rules["$dst_exempt_perceptible_actions"],
    ]
    assert made[0]["action"] in rules["$inception_actions"]
    for action in made:
        name, parameters = action["action"], action.get("parameters") or {}
        assert name in rules["$allowed_actions"]
        assert name not in rules["$deprecated_action_labels"]
        assert name in exempt or "digitalSourceType" in action
        assert (name == "c2pa.created") <= ("digitalSourceType" in action)
        assert (name == "c2pa.opened") <= ("digitalSourceType" not in action)
        assert (name == "c2pa.opened") <= (len(parameters.get("ingredients", [])) == 1)
        assert all(key in rules["$standard_parameters"] or "." in key for key in parameters)
    for assertion in asserted.values():
        if isinstance(assertion, dict) and "relationship" in assertion:
            assert assertion["relationship"] in rules["$valid_relationship_values"]
            assert ("activeManifest" in assertion) == ("validationResults" in assertion)
