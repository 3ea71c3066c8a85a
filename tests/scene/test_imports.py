from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["sinopia", "sinopia.scene", "sinopia.config"])
def test_the_lower_floors_import_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
