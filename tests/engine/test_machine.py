"""What is told of the machine."""

import subprocess
import sys

import pytest

from wan_sdk.engine import machine


def test_the_figures_of_this_machine():
    figures = machine.measure_machine()
    assert figures.device in ("cpu", "cuda")
    assert figures.dtype in ("float32", "bfloat16")
    assert figures.memory_gb > 0.5
    assert figures.tflops > 0.01
    assert figures.name


def test_torch_is_not_loaded_for_them():
    program = "import sys; from wan_sdk.engine import machine; machine.measure_machine(); print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("flags", "dtype", "tflops"),
    [
        ({"avx2"}, "float32", 0.1),
        ({"avx2", "avx512f"}, "float32", 0.2),
        ({"avx512f", "avx512_bf16"}, "bfloat16", 0.288),
        ({"avx512f", "amx_bf16"}, "bfloat16", 0.288),
        (set(), "float32", 0.1),
    ],
)
def test_a_processor_is_judged_by_its_flags(monkeypatch, flags, dtype, tflops):
    monkeypatch.setattr(machine, "_cpu_flags", lambda: frozenset(flags))
    monkeypatch.setattr(machine, "_first_card", lambda: None)
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    figures = machine.measure_machine()
    assert (figures.device, figures.dtype, figures.tflops) == ("cpu", dtype, pytest.approx(tflops))


@pytest.mark.parametrize(
    ("name", "tflops"),
    [("NVIDIA H100 80GB HBM3", 445.0), ("NVIDIA GeForce RTX 4090", 74.0), ("NVIDIA L40S", 163.0), ("Some card", 30.0)],
)
def test_a_card_is_judged_by_its_name(monkeypatch, name, tflops):
    monkeypatch.setattr(machine, "_first_card", lambda: (name, 24_000_000_000))
    figures = machine.measure_machine()
    assert (figures.device, figures.name, figures.tflops) == ("cuda", name, tflops)
    assert (figures.memory_gb, figures.dtype) == (24.0, "bfloat16")
