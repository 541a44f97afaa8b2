"""What a stack needs of the toolchain: nobody waits for the kubernetes plugin who deploys to an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import PROJECT
from toolchain import stack_groups
from toolchain.layout import Layout


@pytest.mark.parametrize(("stack", "groups"), [("dev", ()), ("staging", ("kubernetes",)), ("prod", ("kubernetes",))])
def test_the_projects_own_stacks(stack: str, groups: tuple[str, ...]) -> None:
    assert stack_groups.groups(stack, Layout.of(PROJECT, {})) == groups


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("config:\n  mimir:platform: kubernetes\n", ("kubernetes",)),
        ("config:\n    'mimir:platform': \"kubernetes\"   # ours\n", ("kubernetes",)),
        ("config:\n  # mimir:platform: kubernetes\n  mimir:platform: docker\n", ()),
        ("config:\n  mimir:platform: kubernetes-like\n", ()),
        ("", ()),
    ],
)
def test_the_setting_is_found_however_it_is_written(text: str, groups: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "Pulumi.x.yaml").write_text(text)
    assert stack_groups.groups("x", Layout.of(tmp_path, {})) == groups


PRODUCTION = "config:\n  mimir:runtime: production\n"
DIGEST = f"  mimir:image:\n    digest: sha256:{'0a' * 32}\n"


@pytest.mark.parametrize(
    ("text", "by_digest", "groups"),
    [
        (PRODUCTION, False, ()),
        (PRODUCTION, True, ("signature",)),
        (PRODUCTION + DIGEST, False, ("signature",)),
        (PRODUCTION + DIGEST.replace("    digest", "    # digest"), False, ()),
        ("config:\n  mimir:runtime: development\n" + DIGEST, True, ()),
        ("config:\n  mimir:platform: kubernetes\n  mimir:runtime: production\n", True, ("kubernetes", "signature")),
    ],
)
def test_production_that_deploys_a_digest_verifies_its_signature(
    text: str, by_digest: bool, groups: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.x.yaml").write_text(text)
    assert stack_groups.groups("x", Layout.of(tmp_path, {}), by_digest) == groups


def test_a_stack_without_a_file_is_left_to_the_command_that_wants_it(tmp_path: Path) -> None:
    assert stack_groups.groups("missing", Layout.of(tmp_path, {})) == ()
