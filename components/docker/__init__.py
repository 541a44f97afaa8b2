"""The Docker engine as a platform."""
