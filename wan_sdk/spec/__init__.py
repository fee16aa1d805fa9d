"""What a maker writes: scenes, shots, cameras, references. Pure data."""
