"""Random draws that depend on names and positions only: each comes from (seed, stream, index).

No generator is carried from one step to the next, so a run that is killed and resumed draws what
it would have drawn, and the order in which workers ask does not matter.
"""

from __future__ import annotations

import hashlib

__all__ = ["MAX_SEED", "derive_seed"]

MAX_SEED = 2**63 - 1
"""Largest seed that `derive_seed` returns; numpy and torch generators both take it."""


def derive_seed(seed: int, stream: str, index: int = 0) -> int:
    """The seed of draw number `index` in the named stream of a run: an integer in [0, MAX_SEED].

    Draws of different streams or indices are independent (BLAKE2b of the three parts).
    """
    digest = hashlib.blake2b(f"{seed}\x1f{stream}\x1f{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") & MAX_SEED
