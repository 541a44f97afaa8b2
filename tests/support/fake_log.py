"""A CLI that deploys nothing, keeps a history and exports a state, for what records deployments."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ops import __main__ as commands
from ops.audit_log.log import AuditLog, open_log

OLD = "registry.example.com/mimir@sha256:" + "0a" * 32
NEW = "registry.example.com/mimir@sha256:" + "1b" * 32
FAILED = "registry.example.com/mimir@sha256:" + "2c" * 32

CLI = r"""#!/bin/sh
for word; do [ "$before" = --message ] && message=$word; before=$word; done
case "$1 $2" in
  "stack export") cat state.json ;;
  "stack history") cat history.json ;;
  "up "* | "destroy "*)
    printf '%s\n' "$@" > called
    [ -n "$FAKE_LOCKED" ] && exit 255
    [ -e after.json ] && mv after.json state.json
    [ -n "$FAKE_FULL" ] && rm -r .mimir && touch .mimir
    result=succeeded; [ -n "$FAKE_EXIT" ] && result=failed
    cat > history.json <<END
[{"version": 0, "kind": "update", "message": "$message", "result": "$result", "environment": {}, "config": {},
  "startTime": "2026-11-25T02:00:00.000Z", "endTime": "2026-11-25T02:00:12.000Z",
  "resourceChanges": {"create": 2, "same": 3}}]
END
    exit ${FAKE_EXIT:-0} ;;
esac
"""


def state(file: str, image: str | None, built: str | None = None) -> None:
    """Write the state that the CLI exports: `file` is state.json, or after.json for after the next update."""
    resources: list[dict[str, Any]] = [
        {"type": "pulumi:pulumi:Stack", "outputs": {"image": image} if image else {}},
        {"type": "docker-build:index:Image", "outputs": {"ref": built or image}},
    ]
    Path(file).write_text(
        json.dumps({"version": 4, "deployment": {"resources": resources if image or built else None}})
    )


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """`python -m ops` in this process."""
    monkeypatch.setattr(sys, "argv", ["ops", *arguments])
    return commands.main()


def log() -> AuditLog:
    """The log of stack `dev` of the project in this folder."""
    return open_log("dev")
