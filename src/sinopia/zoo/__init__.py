"""Model folders, the families they hold, where models are found, and foreign checkpoints.

Import from the modules; this package imports without torch.
"""
