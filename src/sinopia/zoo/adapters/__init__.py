"""Readers of checkpoints that other projects published: tensors and names, no code of theirs."""
