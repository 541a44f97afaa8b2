"""Who is let in with a key or a password, and what the application is told of them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.edge import wire
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running
from tests.support.edge.tokens import API_KEY, API_KEYS, KEY, PASSWORD, SECRET, USERS, bearer, hs256

PATH = "/api/v1/pipelines"
GUARD = {"required": True, "apiKeys": API_KEYS, "users": USERS}
EVERYTHING: dict[str, Any] = {"edge": {"authentication": GUARD}, "environment": {"jwtSecret": SECRET}}


def basic(name: str, password: str) -> dict[str, str]:
    """The header that carries a name and a password."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def cpu_seconds(running: Running) -> float:
    """Processor time of the edge so far (proc(5), schedstat)."""
    return int(Path(f"/proc/{running.process.pid}/schedstat").read_text().split()[0]) / 1e9


@pytest.fixture
def every(edges: Edges, recorder: Recorder) -> Running:
    """An edge with a key, a user and tokens."""
    return edges.of(EVERYTHING, recorder.port)


class TestKey:
    """`edge.authentication.apiKeys`."""

    def test_the_right_one_is_let_in_under_its_name(self, every: Running, recorder: Recorder) -> None:
        assert every.ask(PATH, headers=KEY).status_code == 200
        assert recorder.requests[0].all("x-forwarded-user") == ["ci"]

    @pytest.mark.parametrize(
        "key", ["", "wrong", API_KEY[:-1], API_KEY + "x", API_KEY.upper(), API_KEYS["ci"], "ci", f"{API_KEY},x", "\xe4"]
    )
    def test_a_wrong_one_is_not(self, every: Running, recorder: Recorder, key: str) -> None:
        """Neither is the hash, which stands in the stack's state."""
        answer = every.ask(PATH, headers={"X-API-Key": key})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"]
        assert recorder.requests == []

    def test_none_is_not(self, every: Running, recorder: Recorder) -> None:
        assert every.ask(PATH).status_code == 401
        assert recorder.requests == []

    def test_a_revoked_one_is_not(self, edges: Edges, recorder: Recorder) -> None:
        other = {"other": hashlib.sha256(b"another").hexdigest()}
        after = edges.of({"edge": {"authentication": {"required": True, "apiKeys": other}}}, recorder.port)
        assert after.ask(PATH, headers=KEY).status_code == 401
        assert after.ask(PATH, headers={"X-API-Key": "another"}).status_code == 200

    def test_a_connection_is_not_a_login(self, every: Running, recorder: Recorder) -> None:
        """What one request has proved, the next on the same connection has not."""
        first = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\n\r\n"
        second = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answers = wire.exchange(every.port, (first + second).encode(), patience=5)
        assert [answer.status for answer in answers] == [200, 401]

    def test_no_key_in_the_query_is_taken(self, every: Running) -> None:
        assert every.ask(f"{PATH}?x-api-key={API_KEY}&api_key={API_KEY}").status_code == 401


class TestPassword:
    """`edge.authentication.users`."""

    def test_the_right_one_is_let_in_under_its_name(self, every: Running, recorder: Recorder) -> None:
        assert every.ask(PATH, headers=basic("bob", PASSWORD)).status_code == 200
        assert recorder.requests[0].all("x-forwarded-user") == ["bob"]

    @pytest.mark.parametrize(
        ("name", "password"),
        [
            ("bob", ""),
            ("bob", "wrong"),
            ("bob", PASSWORD + " "),
            ("bob", USERS["bob"]),
            ("Bob", PASSWORD),
            ("ann", PASSWORD),
            ("", PASSWORD),
            ("ci", API_KEY),
        ],
    )
    def test_a_wrong_one_is_not(self, every: Running, recorder: Recorder, name: str, password: str) -> None:
        assert every.ask(PATH, headers=basic(name, password)).status_code == 401
        assert recorder.requests == []

    @pytest.mark.parametrize("value", ["Basic", "Basic ", "Basic !!!", "Basic Ym9i", "Digest bob", "bob", "Bearer", ""])
    def test_what_is_no_password_is_not(self, every: Running, recorder: Recorder, value: str) -> None:
        assert every.ask(PATH, headers={"Authorization": value}).status_code == 401
        assert recorder.requests == []


class TestFailures:
    """What proves nothing is counted, and costs and tells as little as it can."""

    WRONG = ({"X-API-Key": "wrong"}, basic("bob", "wrong"), basic("nobody", "wrong"), bearer(hs256(b"x" * 40)))

    @pytest.mark.parametrize("wrong", WRONG, ids=["key", "password", "name", "token"])
    @pytest.mark.parametrize("required", [True, False])
    def test_it_is_counted_wherever_it_is_looked_at(
        self, edges: Edges, recorder: Recorder, wrong: dict[str, str], required: bool
    ) -> None:
        """Where nobody must prove anything, too."""
        config = {
            **EVERYTHING,
            "edge": {
                "authentication": {**GUARD, "required": required},
                "rateLimit": {"failuresPerClient": 3, "windowSeconds": 60},
            },
        }
        limited = edges.of(config, recorder.port, own=f"failures {wrong}")
        served = [limited.ask(PATH, headers=wrong).status_code for _ in range(5)]
        assert served == [401 if required else 200] * 4 + [429]

    def test_at_a_public_path_nobody_is_asked(self, edges: Edges, recorder: Recorder) -> None:
        """So nobody learns there whether a password is right, and no time is spent on it."""
        config = {**EVERYTHING, "edge": {"authentication": GUARD, "rateLimit": {"failuresPerClient": 3}}}
        limited = edges.of(config, recorder.port, own="public")
        answers = [limited.ask("/health", headers=headers) for headers in (*self.WRONG, basic("bob", PASSWORD)) * 3]
        assert {answer.status_code for answer in answers} == {200}
        assert not [one for one in recorder.requests if one.all("x-forwarded-user")]
        assert limited.logged(answers[-1].headers["X-Request-ID"])["user"] in ("", "-")

    def test_the_time_tells_neither_names_nor_passwords(self, every: Running) -> None:
        """The edge's own processor time for a right password, a wrong one, and a name that nobody has."""
        wrong = PASSWORD[:-1] + "x"  # as long: what a hash costs depends on that
        headers = {"right": basic("bob", PASSWORD), "wrong": basic("bob", wrong), "nobody": basic("nobody", wrong)}
        times: dict[str, list[float]] = {name: [] for name in headers}
        for _ in range(25):
            for name, sent in headers.items():
                before = cpu_seconds(every)
                every.ask(PATH, headers=sent)
                times[name].append(cpu_seconds(every) - before)
        spent = {name: sum(found) for name, found in times.items()}
        assert max(spent.values()) < 1.6 * min(spent.values()), spent


class TestRequired:
    """`edge.authentication.required`."""

    def test_health_is_everybodys(self, every: Running) -> None:
        assert every.ask("/health").status_code == 200

    def test_by_default_development_asks_nobody(self, edges: Edges, recorder: Recorder) -> None:
        assert edges.of({}, recorder.port).ask(PATH).status_code == 200

    def test_by_default_production_asks_everybody(self, edges: Edges, recorder: Recorder) -> None:
        config = {
            "runtime": "production",
            "environment": {"jwtSecret": SECRET},
            "edge": {"tls": {"mode": "off"}, "authentication": {"users": USERS}},
        }
        strict = edges.of(config, recorder.port)
        assert strict.ask(PATH).status_code == 401
        assert strict.ask(PATH, headers=bearer(hs256())).status_code == 200

    def test_where_nobody_must_a_caller_is_known_all_the_same(self, edges: Edges, recorder: Recorder) -> None:
        config = {"edge": {"authentication": {"required": False, "apiKeys": API_KEYS}}}
        relaxed = edges.of(config, recorder.port)
        assert relaxed.ask(PATH, headers=KEY).status_code == 200
        assert relaxed.ask(PATH, headers={"X-Forwarded-User": "ci"}).status_code == 200
        assert [one.all("x-forwarded-user") for one in recorder.requests] == [["ci"], []]

    def test_a_path_that_is_not_served_tells_a_stranger_nothing_more(self, every: Running) -> None:
        assert every.ask("/nowhere").status_code == 404


class TestHandedOn:
    """What the application receives."""

    FORGED = (
        "X-Forwarded-User",
        "x-forwarded-user",
        "X-FORWARDED-USER",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "Forwarded",
        "X-Real-IP",
        "Proxy",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Original-Host",
        "X-Rewrite-URL",
        "Remote-User",
        "REMOTE-USER",
        "X-Remote-User",
        "X-Auth-Request-User",
        "Proxy-Authorization",
        "X-SSL-Client-Verify",
        "True-Client-IP",
        "X-Forwarded",
    )

    @pytest.mark.parametrize("name", FORGED)
    def test_what_a_client_says_of_itself_is_not_believed(self, every: Running, recorder: Recorder, name: str) -> None:
        for path, headers in ((PATH, KEY), ("/health", {})):
            recorder.reset()
            assert every.ask(path, headers={**headers, name: "forged"}).status_code == 200
            assert "forged" not in str(recorder.requests[0].headers)

    def test_what_is_true_is_said(self, every: Running, recorder: Recorder) -> None:
        every.ask(PATH, headers={**KEY, "Host": "mimir.example.com:8443"})
        [received] = recorder.requests
        assert received.all("x-forwarded-for") == ["127.0.0.1"]
        assert received.all("x-forwarded-proto") == ["http"]
        assert received.all("x-forwarded-host") == ["mimir.example.com"]

    def test_the_proof_stays_at_the_edge(self, every: Running, recorder: Recorder) -> None:
        proofs = ({**KEY, **basic("bob", PASSWORD)}, bearer(hs256()), {**KEY, "authorization": "x"})
        for headers in proofs:
            assert every.ask(PATH, headers=headers).status_code == 200
        every.ask("/health", headers={**KEY, **bearer("x")})
        assert len(recorder.requests) == 4
        for received in recorder.requests:
            assert not {"authorization", "x-api-key"} & {name for name, _ in received.headers}
            assert API_KEY.encode() not in received.head

    def test_a_client_cannot_have_the_name_removed_on_the_way(self, every: Running, recorder: Recorder) -> None:
        """RFC 9110, section 7.6.1: whatever Connection names ends at the next hop."""
        every.ask(PATH, headers={**KEY, "Connection": "close, X-Forwarded-User, X-Request-ID"})
        assert recorder.requests[0].all("x-forwarded-user") == ["ci"]
        assert "x-forwarded" not in "".join(recorder.requests[0].all("connection")).lower()

    def test_no_tunnel_is_opened(self, every: Running, recorder: Recorder) -> None:
        """Whatever went through a tunnel would be judged by nobody."""
        recorder.answer = lambda _: b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        first = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\n{upgrade}\r\n"
        second = f"GET /api/v1/config HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\nConnection: close\r\n\r\n"
        answers = wire.exchange(every.port, (first + second).encode(), patience=3)
        assert 101 not in [answer.status for answer in answers]
        assert [one.target for one in recorder.requests] == [PATH]
        assert recorder.requests[0].all("upgrade") == []


class TestTrustedProxies:
    """`edge.trustedProxies`: whom to believe about the client's address."""

    def test_a_trusted_one_names_the_client(self, edges: Edges, recorder: Recorder) -> None:
        behind = edges.of({"edge": {"trustedProxies": ["127.0.0.0/8"]}}, recorder.port)
        answer = behind.ask("/health", headers={"X-Forwarded-For": "192.0.2.66, 198.51.100.7"})
        assert recorder.requests[0].all("x-forwarded-for") == ["198.51.100.7"], "the last is what the proxy itself saw"
        assert behind.logged(answer.headers["X-Request-ID"])["client"] == "198.51.100.7"

    @pytest.mark.parametrize("value", ["nobody", "198.51.100.7:80, x", ""])
    def test_what_is_no_address_is_none(self, edges: Edges, recorder: Recorder, value: str) -> None:
        behind = edges.of({"edge": {"trustedProxies": ["127.0.0.0/8"]}}, recorder.port)
        assert behind.ask("/health", headers={"X-Forwarded-For": value}).status_code == 200
        assert recorder.requests[0].all("x-forwarded-for") == ["127.0.0.1"]

    def test_any_other_one_does_not(self, edges: Edges, recorder: Recorder) -> None:
        behind = edges.of({"edge": {"trustedProxies": ["192.0.2.0/24"]}}, recorder.port)
        behind.ask("/health", headers={"X-Forwarded-For": "198.51.100.7"})
        assert recorder.requests[0].all("x-forwarded-for") == ["127.0.0.1"]
