"""What a picture costs: time, multiplications, error and memory of the ways to paint it.

Import from the modules; this package imports without torch.
"""
