"""What a table of times has to say about where it was made."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

import sinopia

__all__ = ["Machine", "describe_machine"]


@dataclass(frozen=True)
class Machine:
    """Date, hardware and versions."""

    date: str
    """ISO 8601."""
    processor: str
    device: str
    """cpu, or the name of the graphics processor."""
    threads: int
    torch_version: str
    revision: str
    """Of sinopia: the commit of a checkout, else the version."""

    def to_text(self) -> str:
        """One line."""
        device = "" if self.device == "cpu" else f", {self.device}"
        return (
            f"{self.date}, {self.processor}{device}, threads: {self.threads}, "
            f"torch {self.torch_version}, sinopia {self.revision}"
        )


def describe_machine(device: torch.device) -> Machine:
    """This machine, with as many threads as torch now has."""
    is_cuda = device.type == "cuda"
    return Machine(
        date=datetime.date.today().isoformat(),
        processor=f"{_processor_name()}, cores: {_num_cores()}",
        device=torch.cuda.get_device_name(device) if is_cuda else "cpu",
        threads=torch.get_num_threads(),
        torch_version=torch.__version__,
        revision=_revision(Path(sinopia.__file__).parent),
    )


def _processor_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _revision(package: Path) -> str:
    """The commit of the checkout that the package lies in, else its version."""
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is not None:
        commit = _git(package, "rev-parse", "--short", "HEAD")
        if commit is not None:
            is_changed = _git(package, "status", "--porcelain", "--", ".") != ""
            return f"commit {commit}" + (" with changes" if is_changed else "")
    try:
        return version("sinopia")
    except PackageNotFoundError:
        return "of unknown version"


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None when it refuses or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
