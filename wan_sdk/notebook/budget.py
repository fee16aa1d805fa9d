"""How much video a notebook may carry: a saved file must still open a year later."""

from __future__ import annotations

import itertools
import threading

from wan_sdk import settings

# 28 MB of video are 37 MB of text in the saved file.
NOTEBOOK_BYTES = 28_000_000
_SHARE_OF_REST = 4


class Budget:
    """Give each cell its share of what a notebook may still carry.

    One cell gets what `WAN_SDK_EMBED_MB` says, and never more than a quarter of what is left, so the
    shares fall as the notebook fills and never run out. A cell that runs again gets its share back first.
    """

    def __init__(self, notebook_bytes: int = NOTEBOOK_BYTES) -> None:
        self._notebook_bytes = notebook_bytes
        self._spent: dict[str, tuple[object, int]] = {}
        self._unnamed = itertools.count()
        self._lock = threading.Lock()

    @property
    def spent(self) -> int:
        """Bytes of video that the notebook carries by now, as far as this kernel knows."""
        return sum(size for _, size in self._spent.values())

    def allowance(self, cell: str | None, run: object) -> int:
        """Return how many bytes may still be shown in a cell.

        Args:
          cell: Which cell; None when it is not known.
          run: Which execution of it.
        """
        with self._lock:
            if cell is not None and cell in self._spent and self._spent[cell][0] != run:
                del self._spent[cell]
            already = self._spent[cell][1] if cell in self._spent else 0
            left = self._notebook_bytes - (self.spent - already)
            return max(0, min(int(settings.embed_megabytes() * 1e6), left // _SHARE_OF_REST) - already)

    def spend(self, cell: str | None, run: object, size: int) -> None:
        """Count bytes that were put into a cell."""
        with self._lock:
            name = cell if cell is not None else f"unnamed {next(self._unnamed)}"
            already = self._spent[name][1] if name in self._spent else 0
            self._spent[name] = (run, already + size)


NOTEBOOK = Budget()


def current_cell() -> tuple[str | None, object]:
    """Return the id of the cell that runs and of its execution; (None, None) outside a notebook."""
    import sys

    if "IPython" not in sys.modules:
        return None, None
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return None, None
    parent = kernel.get_parent()
    return parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
