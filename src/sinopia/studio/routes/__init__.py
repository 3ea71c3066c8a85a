"""The HTTP and WebSocket routes of the studio, a file for each kind of thing."""

from __future__ import annotations

__all__: list[str] = []
