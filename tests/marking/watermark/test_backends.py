from importlib.metadata import EntryPoint

import pytest

from tests.marking.watermark import clips
from wan_sdk.errors import MissingExtra, UnknownName
from wan_sdk.marking.watermark import Watermarker, backends


def test_the_built_in_one_marks_and_reads():
    ssw = backends.backend()
    assert isinstance(ssw, Watermarker)
    marked = ssw.embed(clips.panning_texture(frames=2), 4 << 60)
    assert ssw.detect(marked.pixels, effort="fast").payload == 4 << 60


def test_another_package_can_bring_one(monkeypatch):
    offered = EntryPoint("mine", "wan_sdk.marking.watermark.backends:Ssw", backends.GROUP)
    broken = EntryPoint("broken", "package_that_is_not_here:Mark", backends.GROUP)
    monkeypatch.setattr(backends, "entry_points", lambda group: [offered, broken])
    assert isinstance(backends.backend("mine"), backends.Ssw)
    with pytest.raises(UnknownName, match="broken, mine") as unknown:
        backends.backend("min")
    assert unknown.value.hint == "did you mean 'mine'?"
    with pytest.raises(MissingExtra, match="cannot be loaded"):
        backends.backend("broken")
