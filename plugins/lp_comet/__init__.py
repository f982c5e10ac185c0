"""Evaluation with COMET's neural metrics, in an environment of its own."""
