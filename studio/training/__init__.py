"""From a recipe to a model folder: the recipe, the presets, this machine, and the engine."""
