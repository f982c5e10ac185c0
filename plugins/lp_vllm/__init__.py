"""Inference with vLLM's offline engine, in an environment of its own."""
