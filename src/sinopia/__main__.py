"""`python -m sinopia` is the command `sinopia`; torchrun starts it this way."""

from __future__ import annotations

from sinopia.cli.main import main

if __name__ == "__main__":
    main()
