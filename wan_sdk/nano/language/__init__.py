"""What people say of the small world: its grammar, captions and words."""
