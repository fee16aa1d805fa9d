"""Reading camera and colour from pixels alone."""
