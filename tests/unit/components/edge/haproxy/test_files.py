"""The files of an edge: which hold secrets, and what changes their digest; and their check with HAProxy."""

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

CERTIFICATE_AND_KEY = Certificate(MADE["chain"], MADE["key"])


def rendered(*configs: dict[str, Any], backend: Backend | None = None, certificate: Certificate | None = None) -> Files:
    """The files of a stack's edge."""
    values = settings(merged(*configs))
    edge = edge_spec.describe(values, application.describe(values, "dev"))
    return files.render(edge, backend or Backend("mimir", 8080), certificate)


def test_plain_files_have_no_secret() -> None:
    edge_files = rendered(EVERYTHING, certificate=CERTIFICATE_AND_KEY)
    plain = "\n".join(edge_files.plain.values())
    for secret in (HASH, CRYPT, SECRET, MADE["key"], MADE["key"].splitlines()[1]):
        assert secret not in plain
    assert HASH in edge_files.secret["keys.map"]
    assert CRYPT in edge_files.secret[USERS]
    assert edge_files.secret[f"{CERTIFICATE}.key"] == MADE["key"]


def test_no_two_files_have_one_name() -> None:
    edge_files = rendered(EVERYTHING, certificate=CERTIFICATE_AND_KEY)
    assert not edge_files.plain.keys() & edge_files.secret.keys()


def test_rendering_is_deterministic() -> None:
    """Anything else would be a change at every update."""
    assert rendered(EVERYTHING, certificate=CERTIFICATE_AND_KEY) == rendered(
        EVERYTHING, certificate=CERTIFICATE_AND_KEY
    )
    names = {f"name{number}": HASH for number in range(9)}
    backwards = dict(reversed(names.items()))
    first, second = (rendered(at("edge.authentication.apiKeys", keys)) for keys in (names, backwards))
    assert first == second


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
def test_every_change_changes_the_digest(config: dict[str, Any]) -> None:
    """Otherwise the edge would seem to have loaded it already."""
    assert rendered(SECRETS, config).digest != rendered(SECRETS).digest


def test_another_certificate_changes_the_digest() -> None:
    encrypted = at("edge.tls.mode", "selfSigned")
    digest = rendered(encrypted, certificate=CERTIFICATE_AND_KEY).digest
    assert (
        rendered(encrypted, certificate=Certificate(CERTIFICATE_AND_KEY.chain, CERTIFICATE_AND_KEY.key + "\n")).digest
        != digest
    )
    assert (
        rendered(encrypted, certificate=Certificate(CERTIFICATE_AND_KEY.chain + "\n", CERTIFICATE_AND_KEY.key)).digest
        != digest
    )


def test_the_digest_is_in_the_file_that_shows_it() -> None:
    edge_files = rendered()
    assert edge_files.digest in edge_files.plain[CONFIGURATION]
    assert files.DIGEST not in edge_files.plain[CONFIGURATION]


def test_a_certificate_of_the_platform_is_not_written() -> None:
    edge_files = rendered(at("edge.tls.mode", "selfSigned"), certificate=None)
    assert not [name for name in (*edge_files.plain, *edge_files.secret) if name.startswith(CERTIFICATE)]
    assert CERTIFICATE in edge_files.plain[CONFIGURATION]


class TestCheck:
    """The check with HAProxy, if it is installed."""

    @pytest.fixture
    def haproxy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A fake haproxy that records its arguments, folder and files, and prints what the test wrote to `output`."""
        (tmp_path / "output").write_text("")
        program = tmp_path / "haproxy"
        program.write_text(
            f"""#!/bin/sh
if [ "$1" = -vv ]; then cat {tmp_path}/version; exit; fi
printf '%s\\n' "$@" > {tmp_path}/called
pwd > {tmp_path}/where
ls -l > {tmp_path}/listed
stat -c '%a %n' . * > {tmp_path}/modes
cat certificate.pem.key > {tmp_path}/key 2>/dev/null
cat {tmp_path}/output >&2
test ! -s {tmp_path}/output
"""
        )
        program.chmod(0o755)
        (tmp_path / "version").write_text("HAProxy version 2.6.12-1 2026\nFeature list : +EPOLL +LUA +OPENSSL\n")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    def test_without_the_program_there_is_no_result(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert check.configuration_problems(rendered()) is None

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
    def test_an_unsuitable_version_is_not_used(self, haproxy: Path, version: str) -> None:
        (haproxy / "version").write_text(version)
        assert check.configuration_problems(rendered()) is None
        assert not (haproxy / "called").exists()

    def test_an_accepted_configuration_has_no_problems(self, haproxy: Path) -> None:
        assert check.configuration_problems(rendered(EVERYTHING, certificate=CERTIFICATE_AND_KEY)) == []
        assert (haproxy / "called").read_text().split() == ["-c", "-f", CONFIGURATION, "-f", USERS]
        assert (haproxy / "key").read_text() == CERTIFICATE_AND_KEY.key

    def test_the_files_are_private_and_deleted(self, haproxy: Path) -> None:
        check.configuration_problems(rendered(EVERYTHING, certificate=CERTIFICATE_AND_KEY))
        listed = [line.split(" ", 1) for line in (haproxy / "modes").read_text().splitlines()]
        modes = {name: mode for mode, name in listed}
        assert modes.pop(".") == "700"
        assert set(modes.values()) == {"600"}
        assert {CONFIGURATION, USERS, "keys.map", "jwt.map", f"{CERTIFICATE}.key"} <= modes.keys()
        assert not Path((haproxy / "where").read_text().strip()).exists()

    def test_its_message_is_the_problem(self, haproxy: Path) -> None:
        (haproxy / "output").write_text("[NOTICE] (1) : version\n[ALERT] (1) : config : parsing [haproxy.cfg:3]: bad\n")
        problems = check.configuration_problems(rendered())
        assert problems is not None
        assert [problem.key for problem in problems] == ["mimir:edge"]
        assert problems[0].found == "[ALERT] (1) : config : parsing [haproxy.cfg:3]: bad"

    def test_no_secret_is_repeated(self, haproxy: Path) -> None:
        edge_files = rendered(SECRETS)
        secrets = [HASH, CRYPT, edge_files.secret["jwt.map"].split()[-1]]
        (haproxy / "output").write_text("".join(f"[ALERT] unknown word '{secret}'\n" for secret in secrets))
        message = str(check.configuration_problems(edge_files))
        assert not [secret for secret in secrets if secret in message]
        assert message.count("(not shown)") == 3

    def test_one_that_does_not_finish_has_no_result(self, haproxy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(check, "TIMEOUT_SECONDS", 0.5)
        (haproxy / "haproxy").write_text(f'#!/bin/sh\n[ "$1" = -vv ] && exec cat {haproxy}/version\nexec sleep 30\n')
        assert check.configuration_problems(rendered()) is None

    def test_a_temporary_certificate_replaces_one_that_is_created_later(self, haproxy: Path) -> None:
        assert check.configuration_problems(rendered(at("edge.tls.mode", "selfSigned"))) == []
        assert "PRIVATE KEY" in (haproxy / "key").read_text()

    def test_every_file_is_checked(self, haproxy: Path) -> None:
        edge_files = rendered()
        assert check.configuration_problems(replace(edge_files, plain={**edge_files.plain, "more.map": "x"})) == []
        assert "more.map" in (haproxy / "listed").read_text()
        assert stat.S_IMODE((haproxy / "haproxy").stat().st_mode) == 0o755
