"""The catalogue of checkpoints: what each can do and its authors' recipe. Pure data."""
