"""Full training runs as functions that return a typed configuration.

A recipe takes the data set's folder and gives a `TrainConfig`; variants are made with
`dataclasses.replace`.
"""

from sinopia.recipes.catalog import RECIPES, Recipe, find_recipe

__all__ = ["RECIPES", "Recipe", "find_recipe"]
