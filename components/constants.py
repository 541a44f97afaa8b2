"""What the commands (`ops`) share with the program, without the time that it takes to load the program's settings."""

from __future__ import annotations

OVERRIDES = "MIMIR_OVERRIDES"
"""Environment variable with a JSON object of settings that hold for one run only (`make up SOURCE=...`)."""

DEFAULT_SOURCE = "./sample"
"""Where the source is, in a stack that does not name it (`source.location`)."""

UPDATE_WOULD_FAIL = "An update would fail: "
"""How the warning of a preview begins that has found what would stop an update."""

NOT_COMPLETE = "Not complete: "
"""How the warning of a preview begins that has found a rollout for which an update would wait."""
