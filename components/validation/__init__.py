"""Rules that settings must satisfy together, and warnings about valid settings."""
