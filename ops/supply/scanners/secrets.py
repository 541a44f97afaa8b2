"""detect-secrets: what looks like a secret in a file that git knows or would take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.source.source import GitError, git
from ops.supply.scanners.finding import Finding
from ops.supply.tool import CannotWork, answer

BASELINE = Path(".secrets.baseline")
"""What looks like a secret and was looked at: hashes only, by file."""

LOOKED_AT = "baseline"
"""The check of what is in the baseline: waivers.yaml has to say, by file, why that is no secret."""

NOT_LOOKED_AT = ("go.sum", BASELINE.name)
"""Checksums, every line of them."""

UPDATE = f"detect-secrets scan --baseline {BASELINE}"


def scan() -> list[Finding]:
    """Everything that looks like one.

    Raises:
        CannotWork: there is no repository or no baseline, or detect-secrets breaks.
    """
    try:
        baseline = json.loads(BASELINE.read_text())["results"]
        listed = git("ls-files", "-co", "--exclude-standard", "-z").decode().split("\0")
    except (OSError, ValueError, KeyError, GitError) as error:
        raise CannotWork(f"detect-secrets has nothing to compare with: {error}") from error
    files = [name for name in listed if name and Path(name).name not in NOT_LOOKED_AT and Path(name).is_file()]
    audited = {(file, secret["hashed_secret"]) for file, secrets in baseline.items() for secret in secrets}
    # A file that begins with - would be taken for an option.
    paths = [f"./{name}" if name.startswith("-") else name for name in files]
    results = answer(["detect-secrets", "scan", *paths], dict)["results"]
    return [
        _finding(file, secret, (file, secret["hashed_secret"]) in audited)
        for file, secrets in results.items()
        for secret in secrets
    ]


def _finding(file: str, secret: Mapping[str, Any], audited: bool) -> Finding:
    what = f"line {secret['line_number']} looks like a secret ({secret['type']})"
    if audited:
        return Finding(
            "detect-secrets", LOOKED_AT, file, what, "say in ops/supply/scanners/waivers.yaml why it is none"
        )
    fix = f"take it out, and treat it as leaked; if it is none: {UPDATE}"
    return Finding("detect-secrets", secret["type"], file, what, fix)
