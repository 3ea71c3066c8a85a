"""Values and names that must not change unnoticed; `make golden` accepts new ones."""
