"""The spec: pure data."""
