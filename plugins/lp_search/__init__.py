"""Pruning policies that try more than one way, and those that stop by themselves."""
