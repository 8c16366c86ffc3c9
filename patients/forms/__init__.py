"""Input about people."""
