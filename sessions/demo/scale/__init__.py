"""A clinic of the size that one has to be quick at: as many people and visits as asked for, the same for a seed."""
