"""Publishes reports on GitHub from a workflow; every command also runs on a developer's machine with a token."""
