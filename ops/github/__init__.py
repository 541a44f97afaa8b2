"""What a workflow tells people on GitHub; every command here also runs on a laptop that has a token."""
