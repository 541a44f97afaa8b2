"""What a person does after a failure."""

from __future__ import annotations

import pytest

from ops.display.next_step import AGAIN, next_step


@pytest.mark.parametrize(
    ("cause", "has_begun", "step"),
    [
        ("error: failed to push", True, AGAIN),
        ("error: failed to push", False, None),
        ("1 problem\n     fix      pulumi config set a b", True, None),
        ("no budget\nfix: declare one", True, None),
        ("error: the suffix: is wrong", True, AGAIN),
    ],
    ids=["in an update", "before one", "a problem", "a policy", "a word that looks like it"],
)
def test_only_where_the_cause_does_not_say_it(cause: str, has_begun: bool, step: str | None) -> None:
    assert next_step(cause, "dev", has_begun=has_begun) == step


@pytest.mark.parametrize(
    ("cause", "part"),
    [
        ("the stack is currently locked by 1 lock(s)", "pulumi cancel --yes prod"),
        ("get stack secrets manager: incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ("error: update canceled", "Run the same command again"),
        ("failed to load checkpoint: unexpected end of JSON input", ".pulumi/backups/mimir/prod/"),
        ("failed to load checkpoint: EOF", ".pulumi/stacks/mimir/prod.json"),
        ("write .pulumi/stacks/mimir/prod.json: no space left on device", "make refresh STACK=prod"),
        ("failed to solve: write /var/lib/docker/x: no space left on device", "docker system df"),
        ('no builder "mine" found', "mimir:image.builder"),
    ],
)
def test_what_is_known(cause: str, part: str) -> None:
    assert part in (next_step(cause, "prod", has_begun=False) or "")
