"""Constants that the commands (`ops`) share with the program.

This module imports nothing, because loading the settings is slow.
"""

from __future__ import annotations

OVERRIDES = "MIMIR_OVERRIDES"
"""Environment variable with a JSON object of settings for one run (`make up SOURCE=...`)."""

DEFAULT_SOURCE = "./sample"
"""Default of `source.location`."""

UPDATE_WOULD_FAIL = "An update would fail: "
"""Prefix of a preview's warning about a problem that would make an update fail."""

NOT_COMPLETE = "Not complete: "
"""Prefix of a preview's warning about an unfinished rollout, for which an update would wait."""
