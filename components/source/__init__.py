"""The application's source: a folder or a git commit, and what of it is staged."""
