"""The only place that runs a video model."""
