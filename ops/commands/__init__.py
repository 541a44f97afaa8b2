"""The commands of the Makefile, one module each; `ops.__main__` names them."""
