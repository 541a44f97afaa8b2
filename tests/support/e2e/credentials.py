"""Secrets that stacks of the tests are given, long enough for production and easy to find where they must not be."""

from __future__ import annotations

STRONG = "f3GkW9xQ-7tLzR2vBn8yKc5mJd4hPs6w"
"""`environment.jwtSecret`."""

TOKEN = "tok-5Yd8-not-to-be-seen-anywhere"
"""One of `environment.secretVariables`."""
