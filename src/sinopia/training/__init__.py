"""Training: one loop for every model, and objectives that own the losses."""
