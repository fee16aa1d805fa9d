"""The invisible watermark SSW-1."""
