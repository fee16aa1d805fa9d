import os

import cv2
import pytest

from wan_sdk.media.processes import workers


@pytest.mark.parametrize("asked", ["2", None])
def test_each_process_has_one_thread_and_the_setting_comes_back(monkeypatch, asked):
    monkeypatch.setenv("OMP_NUM_THREADS", asked) if asked else monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with workers(1) as pool:
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
        assert pool.submit(cv2.getNumThreads).result() == 1
    assert os.getenv("OMP_NUM_THREADS") == asked
