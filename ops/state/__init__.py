"""A stack's state: reading, repairing and moving it."""
