"""A Pulumi CLI with states in memory."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from typing import Any

from ops.state.state_backend import NO_SUCH_STACK, OF_SECRETS, SECRET, StateBackend, find_secrets

SECRET_VALUE = {SECRET: OF_SECRETS, "plaintext": '"s3cret"'}


def state_of(*names: str) -> dict[str, Any]:
    """A state with these resources, each with a secret."""
    resources = [{"urn": f"urn:{name}", "id": name, "outputs": {"token": dict(SECRET_VALUE)}} for name in names]
    return {"resources": resources}


class Cli:
    """The CLI, with states in memory.

    Attributes:
        states: by URL.
        calls: the commands, as they were given.
        stdin: what the commands were given to read.
        migrated: what happens to a state on its way.
        previewed: exit code of a preview.
        settings: what a stack file says in the clear, by URL, where it says anything.
    """

    def __init__(self, states: dict[str, dict[str, Any]]) -> None:
        self.states = states
        self.calls: list[str] = []
        self.stdin: list[str] = []
        self.migrated: Callable[[dict[str, Any]], None] = lambda _: None
        self.previewed = 0
        self.settings: dict[str, dict[str, str]] = {}

    def __call__(
        self, place: StateBackend, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        self.calls.append(" ".join(arguments))
        self.stdin.append(stdin or "")
        code, output = 0, ""
        match arguments:
            case ("stack", "export", *flags):
                code, output = self.export(place, clear="--show-secrets" in flags)
            case ("stack", "migrate", source, *_):
                there = copy.deepcopy(self.states[source])
                self.migrated(there)
                self.states[place.url] = there
                file = place.folder / "Pulumi.dev.yaml"
                file.write_text(file.read_text() + "encryptionsalt: new\n")
            case ("stack", "rm", *_):
                del self.states[place.url]
            case ("config", *_):
                output = json.dumps(self.settings.get(place.url, {}))
            case ("preview", *_):
                code = self.previewed
        return subprocess.CompletedProcess(arguments, code, output, "error: so it is")

    def export(self, place: StateBackend, clear: bool) -> tuple[int, str]:
        if place.url not in self.states:
            return NO_SUCH_STACK, ""
        state = copy.deepcopy(self.states[place.url])
        for one in find_secrets(state):
            if not clear and not one.get("bare"):
                one["ciphertext"] = "v1:" + one.pop("plaintext")
        return 0, json.dumps({"version": 4, "deployment": state})
