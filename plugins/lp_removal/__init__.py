"""Pruning policies of few words: iterative-greedy, one-shot, contiguous, random, explicit."""
