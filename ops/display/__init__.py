"""The CLI's output without a terminal: a line per operation, and the cause of a failure last.

On a terminal, Pulumi's own display is better. Without one, it prints every line of a build's progress, and the cause of
a failure above the stack's outputs.
"""
