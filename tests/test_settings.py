"""One order for every setting: argument, environment, config file, built in."""

import pytest

from wan_sdk import settings
from wan_sdk.errors import SpecError


def test_the_environment_wins_over_the_config_file_and_the_argument_over_both(own_home, monkeypatch):
    assert settings.model_name() == "nano"
    (own_home / "config.toml").write_text('model = "wan2.1-t2v-1.3b"\ngallery = "kept"\n')
    assert settings.model_name() == "wan2.1-t2v-1.3b"
    assert settings.gallery_folder().name == "kept"
    monkeypatch.setenv("WAN_SDK_MODEL", "wan2.2-ti2v-5b")
    assert settings.model_name() == "wan2.2-ti2v-5b"
    assert settings.model_name("nano") == "nano"


@pytest.mark.parametrize(("text", "meant"), [("1", True), ("true", True), ("0", False), ("no", False), ("", False)])
def test_offline_is_read_as_people_write_it(monkeypatch, text, meant):
    monkeypatch.setenv("WAN_SDK_OFFLINE", text)
    assert settings.offline() is meant
    assert settings.offline(not meant) is not meant


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_a_budget_that_is_no_number_is_refused_with_the_name_of_the_variable(monkeypatch, text):
    monkeypatch.setenv("WAN_SDK_EMBED_MB", text)
    with pytest.raises(SpecError, match="WAN_SDK_EMBED_MB"):
        settings.embed_megabytes()


@pytest.mark.parametrize("content", [b"model = ", b"\xff\xfe", b"model = 7\n"])
def test_a_config_file_that_cannot_be_understood_is_named(own_home, content):
    (own_home / "config.toml").write_bytes(content)
    with pytest.raises(SpecError, match=r"config\.toml"):
        settings.model_name()


def test_a_budget_in_the_config_file_must_be_a_number(own_home):
    (own_home / "config.toml").write_text("embed_mb = [1]\n")
    with pytest.raises(SpecError, match="embed_mb"):
        settings.embed_megabytes()


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("false", False), ('"no"', False), ('"yes"', True)])
def test_offline_in_the_config_file_is_read_like_the_variable(own_home, monkeypatch, text, meant):
    monkeypatch.delenv("WAN_SDK_OFFLINE")
    (own_home / "config.toml").write_text(f"offline = {text}\n")
    assert settings.offline() is meant
