"""Outputs, as they can be copied, and without a secret."""

from __future__ import annotations

from typing import Any

import pytest

from ops.display.outputs import SECRET, SIGNATURE, lines


def secret(**content: str) -> dict[str, str]:
    """A secret as the engine writes it."""
    return {SIGNATURE: SECRET, **content}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("curl -H 'Host: a: \"b\"' http://x/#y", ["name: curl -H 'Host: a: \"b\"' http://x/#y"]),
        ("", ["name: "]),
        ("ü", ["name: ü"]),
        (8080, ["name: 8080"]),
        (True, ["name: true"]),
        (None, ["name: null"]),
        ([], ["name: []"]),
        ({}, ["name: {}"]),
        ("a\nb", ["name:", "  a", "  b"]),
        ({"a": 1, "b": {"c": "d"}}, ["name:", "  a: 1", "  b:", "    c: d"]),
        (["a", ["b"], {"c": "d"}], ["name:", "  - a", "  -", "    - b", "  -", "    c: d"]),
        (secret(ciphertext="[secret]"), ["name: [secret]"]),
        (secret(plaintext="hunter2"), ["name: [secret]"]),
        ([secret(ciphertext="v1:abc")], ["name:", "  - [secret]"]),
        ({"password": secret(ciphertext="v1:abc")}, ["name:", "  password: [secret]"]),
    ],
)
def test_a_value(value: Any, expected: list[str]) -> None:
    assert [line.replace("    ", "  ") for line in lines({"name": value}, "")] == expected
