"""A stack of this checkout: the Pulumi CLI working on it, its settings, and its files."""
