"""Endless painted landscapes with exact labels."""

from sinopia.data.procedural.scenes import ProceduralScenes

__all__ = ["ProceduralScenes"]
