"""The files of an edge: which hold secrets, and what changes their digest; and HAProxy's opinion of them."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.application import application
from components.edge import edge_spec
from components.edge.haproxy import check, files
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.files import CERTIFICATE, CONFIGURATION, USERS, Certificate, Files
from tests.support.configuration import at, merged, settings
from tests.support.edge_configurations import EVERYTHING, SECRETS
from tests.support.edge_tables import CRYPT, HASH, MADE, PUBLIC_KEY
from tests.support.program import SECRET

OURS = Certificate(MADE["chain"], MADE["key"])


def rendered(*configs: dict[str, Any], backend: Backend | None = None, certificate: Certificate | None = None) -> Files:
    """The files of a stack's edge."""
    found = settings(merged(*configs))
    described = edge_spec.describe(found, application.describe(found, "dev"))
    return files.render(described, backend or Backend("mimir", 8080), certificate)


def test_no_secret_is_in_what_everybody_may_read() -> None:
    made = rendered(EVERYTHING, certificate=OURS)
    plain = "\n".join(made.plain.values())
    for secret in (HASH, CRYPT, SECRET, MADE["key"], MADE["key"].splitlines()[1]):
        assert secret not in plain
    assert HASH in made.secret["keys.map"]
    assert CRYPT in made.secret[USERS]
    assert made.secret[f"{CERTIFICATE}.key"] == MADE["key"]


def test_no_two_files_have_one_name() -> None:
    made = rendered(EVERYTHING, certificate=OURS)
    assert not made.plain.keys() & made.secret.keys()


def test_the_same_settings_make_the_same_files() -> None:
    """Anything else would be a change at every update."""
    assert rendered(EVERYTHING, certificate=OURS) == rendered(EVERYTHING, certificate=OURS)
    names = {f"name{number}": HASH for number in range(9)}
    backwards = dict(reversed(names.items()))
    one, other = (rendered(at("edge.authentication.apiKeys", keys)) for keys in (names, backwards))
    assert one == other


@pytest.mark.parametrize(
    "config",
    [
        at("edge.authentication.apiKeys", {"ci": HASH[::-1]}),
        at("edge.authentication.apiKeys", {"other": HASH}),
        at("edge.authentication.users", {"bob": CRYPT[:-1] + "1"}),
        at("environment.jwtSecret", SECRET + "x"),
        at("edge.paths", ["/reports"]),
        at("edge.opened", ["tools"]),
        at("edge.retries", 1),
        at("edge.authentication.jwt", {"publicKey": PUBLIC_KEY, "issuer": "a", "audience": "b"}),
    ],
    ids=lambda config: str(config)[:60],
)
def test_whatever_changes_changes_the_digest(config: dict[str, Any]) -> None:
    """Otherwise an edge would be taken for one that has it in effect already."""
    assert rendered(SECRETS, config).digest != rendered(SECRETS).digest


def test_another_certificate_changes_the_digest() -> None:
    encrypted = at("edge.tls.mode", "selfSigned")
    one = rendered(encrypted, certificate=OURS)
    assert rendered(encrypted, certificate=Certificate(OURS.chain, OURS.key + "\n")).digest != one.digest
    assert rendered(encrypted, certificate=Certificate(OURS.chain + "\n", OURS.key)).digest != one.digest


def test_the_digest_is_in_the_file_that_shows_it() -> None:
    made = rendered()
    assert made.digest in made.plain[CONFIGURATION]
    assert files.DIGEST not in made.plain[CONFIGURATION]


def test_a_certificate_that_the_platform_brings_is_not_written() -> None:
    made = rendered(at("edge.tls.mode", "selfSigned"), certificate=None)
    assert not [name for name in (*made.plain, *made.secret) if name.startswith(CERTIFICATE)]
    assert CERTIFICATE in made.plain[CONFIGURATION]


class TestCheck:
    """HAProxy's own opinion, where the program is there."""

    @pytest.fixture
    def haproxy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A program of that name that notes what it is given and where, and says what the test wants."""
        (tmp_path / "said").write_text("")
        program = tmp_path / "haproxy"
        program.write_text(
            f"""#!/bin/sh
if [ "$1" = -vv ]; then cat {tmp_path}/version; exit; fi
printf '%s\\n' "$@" > {tmp_path}/called
pwd > {tmp_path}/where
ls -l > {tmp_path}/listed
stat -c '%a %n' . * > {tmp_path}/modes
cat certificate.pem.key > {tmp_path}/key 2>/dev/null
cat {tmp_path}/said >&2
test ! -s {tmp_path}/said
"""
        )
        program.chmod(0o755)
        (tmp_path / "version").write_text("HAProxy version 2.6.12-1 2026\nFeature list : +EPOLL +LUA +OPENSSL\n")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    def test_without_the_program_there_is_no_opinion(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert check.problems(rendered()) is None

    @pytest.mark.parametrize(
        "version",
        [
            "HAProxy version 2.5.14 2023\nFeature list : +LUA +OPENSSL\n",
            "HAProxy version 3.2.0 2025\nFeature list : -LUA +OPENSSL\n",
            "HAProxy version 3.2.0 2025\nFeature list : +LUA -OPENSSL\n",
            "HA-Proxy\n",
            "",
        ],
    )
    def test_one_that_cannot_know_is_not_asked(self, haproxy: Path, version: str) -> None:
        (haproxy / "version").write_text(version)
        assert check.problems(rendered()) is None
        assert not (haproxy / "called").exists()

    def test_what_it_accepts_is_no_problem(self, haproxy: Path) -> None:
        assert check.problems(rendered(EVERYTHING, certificate=OURS)) == []
        assert (haproxy / "called").read_text().split() == ["-c", "-f", CONFIGURATION, "-f", USERS]
        assert (haproxy / "key").read_text() == OURS.key

    def test_nobody_else_reads_the_files_and_none_stays(self, haproxy: Path) -> None:
        check.problems(rendered(EVERYTHING, certificate=OURS))
        listed = [line.split(" ", 1) for line in (haproxy / "modes").read_text().splitlines()]
        modes = {name: mode for mode, name in listed}
        assert modes.pop(".") == "700"
        assert set(modes.values()) == {"600"}
        assert {CONFIGURATION, USERS, "keys.map", "jwt.map", f"{CERTIFICATE}.key"} <= modes.keys()
        assert not Path((haproxy / "where").read_text().strip()).exists()

    def test_what_it_says_is_the_problem(self, haproxy: Path) -> None:
        (haproxy / "said").write_text("[NOTICE] (1) : version\n[ALERT] (1) : config : parsing [haproxy.cfg:3]: bad\n")
        found = check.problems(rendered())
        assert found is not None
        assert [one.key for one in found] == ["mimir:edge"]
        assert found[0].found == "[ALERT] (1) : config : parsing [haproxy.cfg:3]: bad"

    def test_no_secret_is_repeated(self, haproxy: Path) -> None:
        made = rendered(SECRETS)
        secrets = [HASH, CRYPT, made.secret["jwt.map"].split()[-1]]
        (haproxy / "said").write_text("".join(f"[ALERT] unknown word '{secret}'\n" for secret in secrets))
        said = str(check.problems(made))
        assert not [secret for secret in secrets if secret in said]
        assert said.count("(not shown)") == 3

    def test_one_that_never_answers_has_no_opinion(self, haproxy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(check, "SECONDS", 0.5)
        (haproxy / "haproxy").write_text(f'#!/bin/sh\n[ "$1" = -vv ] && exec cat {haproxy}/version\nexec sleep 30\n')
        assert check.problems(rendered()) is None

    def test_a_certificate_that_is_made_later_has_a_stand_in(self, haproxy: Path) -> None:
        assert check.problems(rendered(at("edge.tls.mode", "selfSigned"))) == []
        assert "PRIVATE KEY" in (haproxy / "key").read_text()

    def test_files_are_what_is_checked(self, haproxy: Path) -> None:
        made = rendered()
        assert check.problems(replace(made, plain={**made.plain, "more.map": "x"})) == []
        assert "more.map" in (haproxy / "listed").read_text()
        assert stat.S_IMODE((haproxy / "haproxy").stat().st_mode) == 0o755
