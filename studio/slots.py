"""The places in which jobs run on this machine: a training per device or group of them, and small things."""

from __future__ import annotations

import shutil
import socket
import subprocess

from jobs.slots import Lanes, Slot, count_slots
from studio.settings import Settings, visible_gpus

NVIDIA_SMI_SECONDS = 10.0
TRAIN, LIGHT, DATA = "train", "light", "data"


def make_lanes(settings: Settings) -> Lanes:
    """The lanes of a worker here: each graphics card trains one, the processor where there is none."""
    host = socket.gethostname()
    cards = group_gpus(list_gpus(), settings.gpus_per_training)
    train = place_trainings(host, cards, settings.trainings_per_device)
    return {TRAIN: train, **count_slots(host, {LIGHT: 1, DATA: 1})}


def group_gpus(gpus: tuple[str, ...], together: int) -> tuple[str, ...]:
    """Cards that train together, as CUDA is told of them; what is left over trains as well.

    >>> group_gpus(("a", "b", "c"), 2)
    ('a,b', 'c')
    """
    return tuple(",".join(gpus[start : start + together]) for start in range(0, len(gpus), together))


def place_trainings(host: str, gpus: tuple[str, ...], per_device: int) -> tuple[Slot, ...]:
    """Places for trainings; a child sees only the cards of its own place.

    >>> [slot.name for slot in place_trainings("box", ("GPU-a", "GPU-b"), 1)]
    ['box/cuda:0', 'box/cuda:1']
    >>> [slot.name for slot in place_trainings("box", (), 2)]
    ['box/cpu', 'box/cpu#2']
    """
    devices = [(f"cuda:{number}", {"CUDA_VISIBLE_DEVICES": gpu}) for number, gpu in enumerate(gpus)] or [
        ("cpu", {})
    ]
    return tuple(
        Slot(f"{host}/{device}" + (f"#{place + 1}" if place else ""), environment)
        for place in range(per_device)
        for device, environment in devices
    )


def list_gpus() -> tuple[str, ...]:
    """How CUDA calls each graphics card that this program may use."""
    visible = visible_gpus()
    if visible is not None:
        return visible
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    command = [program, "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
