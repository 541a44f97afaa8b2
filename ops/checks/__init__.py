"""What a running deployment must show to somebody outside of it; `ops.commands.check` is the command."""
