"""Validation of single values, used by the sections of the settings."""
