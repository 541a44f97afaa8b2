"""How the tools that a deployment needs come to be on a machine.

Runs before any virtual environment exists: Python 3.11 and its standard library only.
`python3 -m toolchain --help`, from the project's root, lists the commands.
"""
