"""detect-secrets: what looks like a secret in a file that git knows, and is not in the baseline."""

from __future__ import annotations

import json
from pathlib import Path

from components.source import GitError, git
from ops.supply.finding import Finding
from ops.supply.tool import CannotWork, run

BASELINE = Path(".secrets.baseline")
"""What looks like a secret and is none: hashes only, by file. known.yaml says why."""

NOT_LOOKED_AT = ("go.sum", BASELINE.name)
"""Checksums, every line of them."""

UPDATE = f"detect-secrets scan --baseline {BASELINE}"


def scan() -> list[Finding]:
    """What is not in the baseline.

    Raises:
        CannotWork: there is no repository or no baseline, or detect-secrets breaks.
    """
    try:
        baseline = json.loads(BASELINE.read_text())["results"]
        listed = git("ls-files", "-co", "--exclude-standard", "-z").decode().split("\0")
    except (OSError, ValueError, KeyError, GitError) as error:
        raise CannotWork(f"detect-secrets has nothing to compare with: {error}") from error
    files = [name for name in listed if name and Path(name).name not in NOT_LOOKED_AT and Path(name).is_file()]
    known = {(file, one["hashed_secret"]) for file, secrets in baseline.items() for one in secrets}
    found = json.loads(run(["detect-secrets", "scan", *files]))["results"]
    return [
        Finding(
            "detect-secrets",
            one["type"],
            file,
            f"line {one['line_number']} looks like a secret",
            f"take it out, and treat it as leaked; if it is none: {UPDATE}",
        )
        for file, secrets in found.items()
        for one in secrets
        if (file, one["hashed_secret"]) not in known
    ]
