"""A studio whose weights are loaded once for all tests."""

import pytest

from wan_sdk import models
from wan_sdk.spec import Size
from wan_sdk.studio import Studio

# Where the size is not the point: a sixth of the work of nano's own, and delivered large enough for the marks.
SMALL = Size(160, 96)


@pytest.fixture(scope="session")
def engine():
    from wan_sdk.engine.local import LocalEngine

    return LocalEngine({model.key: model for model in models.catalogue()}, offline=True)


@pytest.fixture
def studio(engine, tmp_path):
    return Studio("nano", gallery=tmp_path / "takes", engine=engine, maker="Ada Films")


class Counted:
    """Count the calls that reach an engine."""

    def __init__(self, engine):
        self.engine = engine
        self.denoised = []

    def denoise(self, call, inputs, **options):
        self.denoised.append(call)
        return self.engine.denoise(call, inputs, **options)

    def decode(self, call, latents, **options):
        return self.engine.decode(call, latents, **options)

    def unload(self):
        self.engine.unload()
