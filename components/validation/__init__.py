"""Rules for combinations of settings, and warnings about valid settings."""
