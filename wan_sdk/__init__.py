"""Make and mark video with the open Wan models, from a notebook."""
