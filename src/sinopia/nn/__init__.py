"""Bricks that the models are built from: layers, losses, frozen feature networks."""
