"""How nano is trained, a stage a file."""
