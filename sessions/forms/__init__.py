"""Input about events: parsing and field checks."""
