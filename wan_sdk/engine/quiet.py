"""Keep the libraries below from talking while they work for us, and only then."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_TALKATIVE = ("diffusers", "transformers", "huggingface_hub")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, log lines and progress bars of diffusers and transformers inside a `with`."""
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
