"""What a person sees of the CLI where there is no terminal: a line per operation, and the cause of a failure last.

With a terminal, Pulumi's own display is better. Without one it prints every line of a build's progress, and the cause
of a failure above the stack's outputs.
"""
