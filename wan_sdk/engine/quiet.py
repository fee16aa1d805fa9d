"""Keep the libraries below from talking while they work for us, and only then."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_TALKATIVE = ("diffusers", "transformers", "huggingface_hub")

_lock = threading.Lock()
_inside = 0
_silence = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, log lines and progress bars of diffusers and transformers inside a `with`.

    All of that is one setting for the whole process, so the first thread to enter changes it and
    the last one to leave puts it back.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _silence.enter_context(_silenced())
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _silence.close()


@contextmanager
def _silenced() -> Iterator[None]:
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    talking = [bars for bars in (of_diffusers, of_transformers) if bars.is_progress_bar_enabled()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        for bars in talking:
            bars.disable_progress_bar()
        try:
            yield
        finally:
            for bars in talking:
                bars.enable_progress_bar()
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
