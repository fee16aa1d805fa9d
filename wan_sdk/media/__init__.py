"""Frames, files and pictures of them."""
