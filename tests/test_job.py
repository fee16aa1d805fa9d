"""Work in the background: states, progress, results, and a cancel that stops within a step."""

import asyncio
import gc
import threading
import weakref

import numpy as np
import pytest

from tests.studio_fixtures import SMALL, Counted
from wan_sdk import Scene, Shot, Takes
from wan_sdk.engine.protocol import StepDone
from wan_sdk.errors import Cancelled, EngineError, UnknownModel
from wan_sdk.studio import Studio

SHOT = Shot("a boat on the sea", steps=3, seed=1, size=SMALL)


def test_a_job_ends_with_its_take(studio):
    job = studio.submit(SHOT)
    take = job.result(timeout=300)
    assert (job.state, job.progress) == ("done", 1.0)
    assert take.verify().state == "TRUSTED"
    assert job.error is None


def test_a_job_can_be_awaited(studio):
    async def work():
        return await studio.submit(SHOT.sweep(seed=[1]))

    assert isinstance(asyncio.run(work()), Takes)


def test_what_cannot_be_is_refused_when_it_is_submitted(studio):
    with pytest.raises(UnknownModel):
        Studio(gallery=studio.gallery).submit(SHOT.with_model("wan9"))


def test_a_waiting_job_is_cancelled_before_it_begins_and_a_running_one_within_a_step(studio):
    steps = []
    reached = threading.Event()
    running = studio.submit(Scene("Two").then(SHOT.with_steps(200)))

    def listen(event):
        if isinstance(event, StepDone):
            steps.append(event.index)
            if event.index == 2:
                reached.set()

    running.listen(listen)
    waiting = studio.submit(SHOT)
    assert waiting.state == "queued"
    waiting.cancel()
    assert waiting.state == "cancelled"
    assert reached.wait(120)
    running.cancel()
    with pytest.raises(Cancelled):
        running.result(timeout=60)
    assert running.state == "cancelled"
    assert max(steps) <= 4
    with pytest.raises(Cancelled):
        waiting.result(timeout=60)
    assert studio.gallery.takes() == []
    assert studio.render(SHOT).verify().state == "TRUSTED"


def test_awaiting_a_job_that_never_began_says_so_and_giving_up_does_not_stop_one(studio):
    async def work():
        running = studio.submit(SHOT.with_steps(200))
        waiting = studio.submit(SHOT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting, 0.01)
        assert waiting.state == "queued"
        waiting.cancel()
        with pytest.raises(Cancelled, match="before it began"):
            await waiting
        running.cancel()

    asyncio.run(work())


def test_what_happened_is_kept_for_a_panel_that_opens_later_without_its_tensors(studio):
    job = studio.submit(SHOT.with_seed(78))
    job.result(timeout=300)
    steps = [event for event in job.events if isinstance(event, StepDone)]
    assert [event.index for event in steps] == [1, 2, 3]
    assert all(event.preview is None for event in steps)


class Tensor:
    """Stand for what fills a device."""


TENSORS = weakref.WeakSet()


class Failing(Counted):
    def denoise(self, call, inputs, **options):
        try:
            self.compute()
        except RuntimeError as problem:
            raise EngineError("the device is gone", hint="look for it") from problem

    def compute(self):
        tensor = Tensor()
        TENSORS.add(tensor)
        raise RuntimeError("out of luck")


def test_a_failed_job_says_what_went_wrong_and_holds_no_tensors(studio, engine):
    job = Studio("nano", gallery=studio.gallery, engine=Failing(engine)).submit(SHOT)
    with pytest.raises(EngineError, match="the device is gone"):
        job.result(timeout=60)
    assert job.state == "failed"
    assert job.error.hint == "look for it"
    assert isinstance(job.error.__cause__, RuntimeError)
    gc.collect()
    assert not TENSORS


def test_waiting_for_a_result_has_an_end(studio):
    job = studio.submit(SHOT.with_steps(200))
    with pytest.raises(TimeoutError, match="goes on"):
        job.result(timeout=0.01)
    job.cancel()


def test_every_step_can_show_what_the_clip_would_be_by_now(studio):
    previews = []

    def listen(event):
        if isinstance(event, StepDone):
            previews.append(event.preview())

    studio.render(SHOT.with_seed(77), listen=listen)
    assert len(previews) == 3
    for picture in previews:
        assert picture.dtype == np.uint8
        assert picture.ndim == 4
        assert picture.shape[-1] == 3
    assert not np.array_equal(previews[0], previews[-1])
