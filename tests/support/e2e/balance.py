"""Which of pytest-xdist's workers runs which end-to-end test (`pytest tests/e2e --numprocesses 2`).

A module is a story, so its tests stay on one worker, in order. Modules that disturb each other say so with the same
mark `xdist_group`, and share a worker. Of these groups the longest begins first, so that the workers end at about the
same time: each run notes in pytest's cache how long its tests took. A test that has never run counts like the average.

xdist's own `--dist loadgroup` does not group with pytest 9.2 (pytest-dev/pytest-xdist#1386).
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

KEY = "mimir/seconds-of-tests"
"""Where the durations are: in pytest's cache, and in what xdist hands to its workers."""

MARK = re.compile(r'\bxdist_group\(["\'](\w+)["\']\)')


class Balance:
    """A plugin of pytest, in the process that somebody starts and in each worker."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        """Prepare it.

        Args:
            config: pytest's.
            folder: whose tests are put in order; others come before them.
        """
        self._config, self._folder = config, folder
        self._workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._measured: dict[str, float] = {}

    def _known(self) -> dict[str, float]:
        """The seconds that each test took when it last ran."""
        if self._workerinput is not None:
            return dict(self._workerinput[KEY])
        return dict(self._cache.get(KEY, None) or {}) if self._cache else {}

    @property
    def _cache(self) -> pytest.Cache | None:
        """pytest's cache, unless it is switched off (`-p no:cacheprovider`)."""
        return getattr(self._config, "cache", None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker the durations: workers that read them at different times would not agree about the order."""
        node.workerinput[KEY] = self._known()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LoadFileScheduling:
        """Distribute groups, in the order in which the workers have collected them."""
        config.option.loadscopereorder = False
        return Groups(config, log)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the longest group first, where there are workers."""
        if self._workerinput is None:
            return
        known = self._known()
        average = fmean(known.values()) if known else 1.0
        groups: dict[str, list[pytest.Item]] = {}
        for item in items:
            groups.setdefault(group_of(item.path) if self._folder in item.path.parents else "", []).append(item)

        def seconds(group: list[pytest.Item]) -> float:
            return sum(known.get(_name(item.location), average) for item in group)

        others = groups.pop("", [])
        longest_first = sorted(groups.values(), key=seconds, reverse=True)
        items[:] = [*others, *chain.from_iterable(longest_first)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how long a test took, with what was set up for it and removed after it."""
        name = _name(report.location)
        self._measured[name] = self._measured.get(name, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """Keep the durations for the next run; tests that this one has left out keep theirs."""
        if self._workerinput is None and self._cache:
            self._cache.set(KEY, {**self._known(), **self._measured})


class Groups(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a worker one group after the other, whole."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: the method in which xdist's own schedulers differ."""
        return group_of(self.config.rootpath / super()._split_scope(nodeid))


@cache
def group_of(module: Path) -> str:
    """The group of a module's tests: its mark, or else the module alone.

    The mark is read from the text, because the process that distributes the tests never imports them.
    """
    mark = MARK.search(module.read_text())
    return mark[1] if mark else str(module)


def _name(location: tuple[str, int | None, str]) -> str:
    """A test's file and name."""
    return f"{location[0]}::{location[2]}"
