"""Models that `transformers` does not have, as whole-tensor passes (for `checkpoints.py`)."""

BUILDERS = {}
