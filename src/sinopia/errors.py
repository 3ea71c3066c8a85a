"""Every error that a user can cause and mend; the command line answers with exit code 2.

SinopiaError
├── LabelError         ids outside a vocabulary, colour masks where ids were expected
├── FileFormatError    a file that is truncated, too large or not what its name says
├── DatasetError       an empty folder, a missing pair, pictures and maps that do not fit
├── ModelError         a model folder or foreign checkpoint that cannot be read or does not fit
├── ConfigError        an unknown option, or a value outside its range
├── RequestError       a picture that the model cannot make (a size, a missing style)
└── TrainingError      a run that cannot go on (a loss that is not a number, another run's folder)

A message says what was expected, what came, and the way out.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DatasetError",
    "FileFormatError",
    "LabelError",
    "ModelError",
    "RequestError",
    "SinopiaError",
    "TrainingError",
]


class SinopiaError(ValueError):
    """Root of all errors that this library raises on purpose."""


class LabelError(SinopiaError):
    """Class ids or colours that the vocabulary does not hold."""


class FileFormatError(SinopiaError):
    """A file that cannot be read as what it should be."""


class DatasetError(SinopiaError):
    """A data set whose files do not fit together."""


class ModelError(SinopiaError):
    """A model folder or a foreign checkpoint that cannot be used."""


class ConfigError(SinopiaError):
    """A configuration with an unknown field or a value outside its range."""


class RequestError(SinopiaError):
    """A request that the model at hand cannot serve."""


class TrainingError(SinopiaError):
    """A training run that cannot start or go on."""
