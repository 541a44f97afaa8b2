"""The help of the commands: complete, and the same in the Makefile."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from ops import __main__ as commands
from tests.support.project import PROJECT

TARGET = re.compile(
    r"^(?P<target>[a-z0-9-]+):[^#\n]*## (?P<help>.*)\n(?:\t.*\n)*?\t@\$\(OPS\) (?P<command>[a-z-]+)", re.MULTILINE
)
MAKEFILE = [match for match in TARGET.finditer((PROJECT / "Makefile").read_text()) if match["target"] != "live"]
"""The targets that run a command; `live` is `up` with an option."""


def subparsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    [action] = [action for action in commands.parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(action.choices)


def options() -> Iterator[tuple[str, argparse.Action]]:
    """Every option, with the name of its command."""
    for name, parser in subparsers().items():
        for action in parser._actions:
            yield name, action


def test_every_option_has_a_help_text() -> None:
    assert [f"{name} {action.dest}" for name, action in options() if not action.help] == []


def test_every_command_shows_its_help_text() -> None:
    for name, parser in subparsers().items():
        assert parser.description and parser.description.endswith("."), name


def test_make_shows_the_same_help_texts() -> None:
    descriptions = {name: parser.description or "" for name, parser in subparsers().items()}
    assert len(MAKEFILE) >= 12
    for match in MAKEFILE:
        text, description = match["help"], descriptions[match["command"]].rstrip(".")
        assert text == description or text.startswith(f"{description}. "), match["target"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (["up", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["up", "nonsense"], "unrecognized arguments: nonsense"),
        (["check", "--wait"], "argument --wait: expected one argument"),
        (["check", "--wait", "long"], "argument --wait: invalid float value: 'long'"),
        (["move-state"], "the following arguments are required: --to"),
    ],
)
def test_a_bad_command_line_shows_the_usage_of_the_command_and_one_error(
    line: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        commands.parser().parse_args(line)
    assert exited.value.code == 1
    text = capsys.readouterr().err
    assert text.startswith(f"usage: ops {line[0]} ") and text.count("usage:") == 1
    assert text.endswith(f"\nerror: {error}\n") and text.count("error:") == 1


def test_an_unknown_command_shows_the_usage_and_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        commands.parser().parse_args(["nonsense"])
    assert exited.value.code == 1
    text = capsys.readouterr().err
    assert text.startswith("usage: ops ") and "invalid choice: 'nonsense'" in text and text.count("error:") == 1
