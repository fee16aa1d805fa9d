"""From a scene to model calls, written out before anything runs. Pure."""
