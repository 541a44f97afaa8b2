"""A stack's state on its way from one place to another (`ops.move_state`)."""
