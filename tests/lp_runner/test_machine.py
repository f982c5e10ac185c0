"""What the machine says of itself: devices, dtypes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner import machine
from lp_runner.errors import EnvironmentFailed
from lp_runner.machine import Device, choose_dtype, devices, fitting

CPU = Device("cpu", 2**34)
GPUS = [Device("cuda:0", 2**36), Device("cuda:1", 2**36)]
SMI = """#!/bin/sh
echo "0, GPU-aaaa, 81559"
echo "1, GPU-bbbb, 81559"
"""


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose nvidia-smi tells of two."""
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI, "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("LP_RUN_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A CPU with these flags."""

    def have(*names: str) -> None:
        monkeypatch.setattr(machine, "_cpu_flags", lambda: set(names))

    return have


def test_a_dtype_that_is_asked_for_is_taken_whatever_the_device() -> None:
    assert choose_dtype("float16", CPU) == "float16"


def test_auto_is_bfloat16_on_a_gpu() -> None:
    assert choose_dtype("auto", GPUS[0]) == "bfloat16"


def test_auto_is_float32_on_a_cpu_without_bfloat16_units(flags: Callable[..., None]) -> None:
    flags("avx2", "avx512f")
    assert choose_dtype("auto", CPU) == "float32"


@pytest.mark.parametrize("unit", ["avx512_bf16", "amx_bf16", "bf16"])
def test_auto_is_bfloat16_on_a_cpu_that_has_units_for_it(unit: str, flags: Callable[..., None]) -> None:
    flags("avx2", unit)
    assert choose_dtype("auto", CPU) == "bfloat16"


def test_auto_is_float32_on_a_part_of_a_cpu_too(flags: Callable[..., None]) -> None:
    flags("avx2")
    assert choose_dtype("auto", Device("cpu:1", 2**34)) == "float32"


def test_auto_fits_every_device_and_keeps_their_order() -> None:
    assert fitting("auto", GPUS) == GPUS


def test_cuda_fits_every_gpu_and_cuda_1_the_second() -> None:
    assert fitting("cuda", GPUS) == GPUS
    assert fitting("cuda:1", GPUS) == [GPUS[1]]


def test_a_cpu_is_always_there() -> None:
    assert [device.name for device in fitting("cpu", GPUS)] == ["cpu"]


def test_a_device_that_is_not_there_is_an_environment_error_with_a_way_out() -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        fitting("cuda", [CPU])

    assert str(caught.value) == ("device: cuda is asked for and this machine has cpu\nhint: say device: auto")


def test_nvidia_smi_tells_of_gpus_and_their_memory(two_gpus: None) -> None:
    assert devices() == [Device("cuda:0", 81559 * 2**20), Device("cuda:1", 81559 * 2**20)]


@pytest.mark.parametrize(
    ("visible", "found"),
    [
        ("1", ["cuda:1"]),
        ("GPU-bb", ["cuda:1"]),
        ("1,0", ["cuda:0", "cuda:1"]),
        ("", ["cpu"]),
        ("-1", ["cpu"]),
    ],
)
def test_a_gpu_that_is_somebody_else_s_is_left_alone(
    visible: str, found: list[str], two_gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [device.name for device in devices()] == found


def test_a_part_of_a_gpu_is_not_passed_over_in_silence(
    two_gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-aaaa")
    with pytest.raises(EnvironmentFailed, match="a part of a GPU"):
        fitting("auto", devices())
    assert [device.name for device in fitting("cpu", devices())] == ["cpu"]
    monkeypatch.setenv("LP_RUN_DEVICES", "cuda:0")
    assert [device.name for device in fitting("auto", devices())] == ["cuda:0"]


def test_a_gpu_that_tells_no_memory_has_the_host_s(two_gpus: None, tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").write_text(SMI.replace("81559", "[N/A]"), "utf-8")
    found = devices()
    assert [device.name for device in found] == ["cuda:0", "cuda:1"]
    assert found[0].memory_bytes > 2**28


def test_a_machine_without_nvidia_smi_has_its_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LP_RUN_DEVICES", raising=False)
    assert [device.name for device in devices()] == ["cpu"]


def test_lp_run_devices_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LP_RUN_DEVICES", "cpu:0, cpu:1")
    assert [(device.name, device.kind) for device in devices()] == [("cpu:0", "cpu"), ("cpu:1", "cpu")]
