"""A stack of this checkout: running the Pulumi CLI on it, its settings and its files."""
