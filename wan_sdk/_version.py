"""The version of wan_sdk, kept in this one place."""

__version__ = "0.1.0"
