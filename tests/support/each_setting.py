"""Each setting of a platform, changed alone, and what the program then asks for."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from components.validation.kubernetes import ELSEWHERE
from tests.support import program
from tests.support.configuration import at, merged, problems
from tests.support.program import Run
from tests.support.settings_tables import CLUSTER, GOOD, every_setting, is_below, needs

NOT_ALONE = {
    *("platform", "registry.username", "registry.password"),
    *("edge.tls.certificate", "edge.tls.key", "edge.tls.issuer"),
}
"""Settings that make no sense without another one, or make another stack."""


BUILD = ("source.", "image.go", "image.base", "image.platforms", "image.caBundle", "image.noCache", "image.builder")
"""Settings of the build; it makes another image, which is a change of `image.digest`."""


@cache
def run(config: str) -> Run:
    """A run of the program."""
    return program.run(json.loads(config))


def configurations(platform: str, key: str, value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A stack for the platform, and the same with `value` at `key`."""
    base = merged(CLUSTER if platform == "kubernetes" else {}, needs(key, value))
    return base, merged(base, at(key, value))


@cache
def settings_of(platform: str) -> dict[str, list[Any]]:
    """Every setting of a platform that is not about the build, with the values that it can be changed to alone."""
    values = {
        key: [value for value in GOOD[key] if not any(map(problems, configurations(platform, key, value)))]
        for key in every_setting()
        if key not in NOT_ALONE and not key.startswith(BUILD) and not is_below(key, ELSEWHERE[platform])
    }
    return {key: allowed for key, allowed in values.items() if allowed}
