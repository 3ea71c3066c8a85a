"""From a request to a picture.

Import from the modules; `request` and this package import without torch.
"""
