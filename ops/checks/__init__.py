"""What a running deployment must show to somebody outside of it; `ops.check` is the command."""
