"""What is known and accepted: with a reason, not for ever, and no longer than it is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ops.supply.scanners import waivers
from ops.supply.scanners.finding import Finding
from ops.supply.scanners.waivers import Waiver
from ops.supply.tool import CannotWork

TODAY = date(2030, 1, 15)
HOLE = Finding("govulncheck", "GO-2030-0001", "linux/amd64 /app/mimir", "a hole")
REASON = "the part with the hole is never called here"


def exception(expires: date | None = TODAY, where: str = "linux/*", check: str = "GO-2030-0001") -> Waiver:
    return Waiver("govulncheck", check, where, REASON, expires)


@pytest.mark.parametrize(
    ("one", "excused"),
    [
        (exception(), True),
        (exception(TODAY - timedelta(days=1)), False),
        (exception(where="linux/arm64 *"), False),
        (exception(check="GO-2030-0002"), False),
        (Waiver("pip-audit", "GO-2030-0001", "*", REASON, TODAY), False),
    ],
)
def test_a_finding_is_excused_by_its_own_exception_until_that_expires(one: Waiver, excused: bool) -> None:
    assert waivers.split([HOLE], [one], TODAY) == (([], [HOLE]) if excused else ([HOLE], []))


@pytest.mark.parametrize(
    ("one", "tools", "word"),
    [
        (exception(), ["govulncheck"], None),
        (exception(TODAY - timedelta(days=1)), [], "expired"),
        (exception(check="GO-2030-0002"), ["govulncheck"], "needs"),
        (exception(check="GO-2030-0002"), ["bandit"], None),
    ],
)
def test_an_exception_that_nothing_needs_or_that_has_expired_is_a_finding_itself(
    one: Waiver, tools: list[str], word: str | None
) -> None:
    stale_waivers = waivers.stale([HOLE], [one], tools, TODAY)
    assert len(stale_waivers) == (word is not None)
    assert all(str(word) in finding.what for finding in stale_waivers)


@pytest.mark.parametrize(
    ("rest", "word"),
    [
        ("reason: later", "no reason"),
        (f"reason: {REASON}", "has to expire"),
        (f"reason: {REASON}, expires: soon", "has to expire"),
        (f"reason: {REASON}, expires: 2999-01-01", "days from now"),
        (f"reason: {REASON}, severity: low", "nothing else"),
        ("severity: low", "nothing else"),
    ],
)
def test_an_exception_without_a_reason_or_an_end_is_refused(tmp_path: Path, rest: str, word: str) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text(f"- {{tool: govulncheck, check: GO-1, where: a, {rest}}}\n")
    with pytest.raises(CannotWork, match=word):
        waivers.load(file)


def test_every_bad_entry_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text("- {tool: bandit, check: B1, where: a, reason: no}\n- {tool: bandit, check: B2, where: a}\n")
    with pytest.raises(CannotWork, match=r"(?s)B1.*B2"):
        waivers.load(file)


def test_one_that_ends_in_time_is_taken(tmp_path: Path) -> None:
    ends = datetime.now(UTC).date() + timedelta(days=waivers.LONGEST_DAYS)
    file = tmp_path / "waivers.yaml"
    file.write_text(f"- {{tool: govulncheck, check: GO-1, where: a, reason: {REASON}, expires: {ends}}}\n")
    assert waivers.load(file)[0].expires == ends


def test_the_committed_list_is_valid() -> None:
    assert waivers.load()
