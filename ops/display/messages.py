"""Collects warnings and errors: each is shown once, and errors at the end."""

from __future__ import annotations

from ops.display.events import Diagnostic

UNREMARKABLE = (
    "preview failed",
    "update failed",
    "refresh failed",
    "destroy failed",
    "an unhandled error occurred: program exited",
)
"""Prefixes of generic messages that the engine adds to every failure."""


class Messages:
    """The warnings and errors so far."""

    def __init__(self) -> None:
        self._warnings: set[str] = set()
        self._errors: dict[str, Diagnostic] = {}

    def warning(self, diagnostic: Diagnostic) -> str | None:
        """The warning for display; None if it was shown before, for example by the preview of the same update."""
        text = f"warning: {_about(diagnostic)}"
        if text in self._warnings:
            return None
        self._warnings.add(text)
        return text

    def keep(self, error: Diagnostic) -> None:
        """Keep an error for the end."""
        self._errors.setdefault(_about(error), error)

    def errors(self) -> list[str]:
        """The errors for display: those of resources first, then those of the program."""
        errors = sorted(self._errors.items(), key=lambda entry: entry[1].resource.is_stack)
        return [f"error: {text}" for text, error in errors if not error.text.startswith(UNREMARKABLE)]

    def unremarkable(self) -> list[str]:
        """The generic errors, for a failure without others."""
        return [f"error: {text}" for text, error in self._errors.items() if error.text.startswith(UNREMARKABLE)]


def _about(diagnostic: Diagnostic) -> str:
    """A message with the resource that it is about."""
    return diagnostic.text if diagnostic.resource.is_stack else f"{diagnostic.resource}: {diagnostic.text}"
