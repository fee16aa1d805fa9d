"""The small model that ships inside."""
