"""Importance from the weights themselves, and from the loss's gradient in them."""
