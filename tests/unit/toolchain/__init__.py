"""Unit tests of `toolchain/`."""
