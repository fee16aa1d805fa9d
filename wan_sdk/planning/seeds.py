"""Seeds that nobody chose: the same scene always gets the same noise."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

BASE = 0


def derived_seed(base: int | None, prompt: str, which: int = 0) -> int:
    """Return the seed of a shot that names none: 0 to 2^31 - 1.

    It follows from what the shot shows and nothing else, so that inserting a shot, or changing a
    camera, steps or guidance, leaves the noise of every other shot as it was.

    >>> derived_seed(7, "a boat") == derived_seed(7, "a boat"), derived_seed(7, "a boat") == derived_seed(8, "a boat")
    (True, False)

    Args:
      base: Seed of the scene; None counts as 0.
      prompt: As the maker wrote it.
      which: Among the shots with this very prompt, which one it is, from 0.
    """
    text = f"wan_sdk.seed/1\0{BASE if base is None else base}\0{which}\0{prompt}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def which_of_equal(prompts: Sequence[str]) -> list[int]:
    """Return for each prompt how many equal ones stand before it.

    >>> which_of_equal(["sea", "sky", "sea"])
    [0, 0, 1]
    """
    seen: Counter[str] = Counter()
    which = []
    for prompt in prompts:
        which.append(seen[prompt])
        seen[prompt] += 1
    return which
