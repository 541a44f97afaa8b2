"""The error of every command that works on a stack, in a module that imports nothing: all others may import it."""

from __future__ import annotations


class StackError(Exception):
    """A command cannot run on the stack; the message says what to do."""
