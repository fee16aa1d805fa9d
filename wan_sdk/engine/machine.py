"""What this machine can do, told without loading torch.

The plan asks before anything runs, so the answer must cost milliseconds: the graphics driver is
asked directly, the processor through its flags.
"""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache
from importlib import util
from pathlib import Path

from wan_sdk.planning.call import Machine

# Dense bfloat16 TFLOP/s that a denoising step reaches, by a part of the card's name: 45 % of the
# peak in the maker's data sheets (nvidia.com: H100 and H200 SXM 989, A100 312, L40S 362, L4 121,
# RTX 5090 210, RTX 4090 165, RTX 3090 71, T4 65 in float16).
_CARDS = {
    "H200": 445.0,
    "H100": 445.0,
    "B200": 1010.0,
    "A100": 140.0,
    "L40S": 163.0,
    "L4": 54.0,
    "5090": 95.0,
    "4090": 74.0,
    "3090": 32.0,
    "T4": 29.0,
}
_OTHER_CARD = 30.0

# TFLOP/s of one processor core in the forward pass of a small model, without the time that a layer takes whatever it is
# given (planning/estimate.py has both): measured with nano on two cores of an AMD EPYC with bf16 units (docs/nano.md).
# float32 by the ratio in which one step was timed in both, 118 to 82 ms; AVX2 has half the lanes.
_CORE = {("bfloat16", True): 0.072, ("float32", True): 0.05, ("float32", False): 0.025}


def measure_machine() -> Machine:
    """Return the figures of this machine for the estimate of a plan.

    >>> measure_machine().device in ("cpu", "cuda")
    True
    """
    card = _first_card()
    if card is not None:
        name, memory = card
        tflops = next((speed for part, speed in _CARDS.items() if part in name), _OTHER_CARD)
        return Machine("cuda", name, round(memory / 1e9, 1), tflops, dtype="bfloat16")
    cores = usable_cores()
    dtype = cpu_dtype()
    tflops = round(cores * _CORE[dtype, "avx512f" in _cpu_flags()], 3)
    name = f"{_cpu_name()}, {cores} core{'s' if cores > 1 else ''}"
    return Machine("cpu", name, round(total_memory() / 1e9, 1), tflops, dtype=dtype)


def cpu_dtype() -> str:
    """Return what a transformer runs in on this processor: bfloat16 only where it computes in it.

    >>> cpu_dtype() in ("bfloat16", "float32")
    True
    """
    return "bfloat16" if _cpu_flags() & {"avx512_bf16", "amx_bf16"} else "float32"


def usable_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def total_memory() -> int:
    """Return the main memory of this machine, bytes."""
    import psutil

    return psutil.virtual_memory().total


def free_memory() -> int:
    """Return the main memory that is free, bytes."""
    import psutil

    return psutil.virtual_memory().available


@cache
def _cpu_flags() -> frozenset[str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:  # not Linux
        return frozenset()
    lines = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    return frozenset(next(lines, "").partition(":")[2].split())


@cache
def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        text = ""
    lines = (line for line in text.splitlines() if line.startswith("model name"))
    return next(lines, "").partition(":")[2].strip() or platform.processor() or platform.machine()


@cache
def _first_card() -> tuple[str, int] | None:
    """Return name and memory in bytes of the first CUDA device, or None when torch couldn't use one."""
    if not _torch_has_cuda():
        return None
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return None
    count, device, memory = ctypes.c_int(), ctypes.c_int(), ctypes.c_size_t()
    name = ctypes.create_string_buffer(256)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return None
    failed = (
        driver.cuDeviceGet(ctypes.byref(device), 0)
        or driver.cuDeviceGetName(name, len(name), device)
        or driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    )
    return None if failed else (name.value.decode(errors="replace"), memory.value)


def _torch_has_cuda() -> bool:
    """Return whether the torch that is installed was built for CUDA; finds it without importing it."""
    found = util.find_spec("torch")
    if found is None or not found.origin:
        return False
    library = "torch_cuda.dll" if os.name == "nt" else "libtorch_cuda.so"
    return (Path(found.origin).parent / "lib" / library).exists()
