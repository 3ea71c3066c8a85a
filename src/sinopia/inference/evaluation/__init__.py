"""Evaluation of models: the maps of a protocol painted, looked at by judges, and written down."""
