"""What is shown of the CLI without a terminal."""
