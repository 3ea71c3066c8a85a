"""The studio: a painting app in the browser. Needs the extra `sinopia[studio]`."""

from __future__ import annotations

__all__: list[str] = []
