"""Bearer tokens (RFC 7519, RFC 8725): which are good, and every way in which one is not."""

from __future__ import annotations

import hmac
import time
from typing import Any

import pytest

from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running
from tests.support.edge.tokens import (
    OTHER_RSA_KEY,
    PUBLIC_KEY,
    SECRET,
    bearer,
    claims,
    encoded,
    hs256,
    rs256,
    signed,
    unsigned,
)

PATH = "/api/v1/pipelines"
ISSUER = "https://login.example.com"
AUDIENCE = "mimir's own"


def guard(**jwt: Any) -> dict[str, Any]:
    """Settings that take tokens only."""
    return {"environment": {"jwtSecret": SECRET}, "edge": {"authentication": {"required": True, "jwt": jwt}}}


@pytest.fixture
def shared(edges: Edges, recorder: Recorder) -> Running:
    """An edge that takes tokens of the shared secret."""
    return edges.of(guard(), recorder.port)


@pytest.fixture
def public(edges: Edges, recorder: Recorder) -> Running:
    """An edge that takes tokens of a public key, and none of the shared secret."""
    return edges.of(guard(publicKey=PUBLIC_KEY, hs256=False), recorder.port)


@pytest.fixture
def both(edges: Edges, recorder: Recorder) -> Running:
    """An edge that takes either."""
    return edges.of(guard(publicKey=PUBLIC_KEY), recorder.port)


def refused(running: Running, recorder: Recorder, token: str) -> None:
    """A token is not let in, and what it says is told to nobody."""
    answer = running.ask(PATH, headers=bearer(token))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer realm=mimir"
    assert recorder.requests == []


def test_a_good_token_is_let_in_under_its_subject(shared: Running, public: Running, recorder: Recorder) -> None:
    assert shared.ask(PATH, headers=bearer(hs256())).status_code == 200
    assert public.ask(PATH, headers=bearer(rs256(sub="joe"))).status_code == 200
    assert [one.all("x-forwarded-user") for one in recorder.requests] == [["ann"], ["joe"]]


def test_both_kinds_at_once(both: Running) -> None:
    assert both.ask(PATH, headers=bearer(hs256())).status_code == 200
    assert both.ask(PATH, headers=bearer(rs256())).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"exp": int(time.time()) - 1}, id="expired"),
        pytest.param({"exp": 0}, id="expired long ago"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"exp": "-1"}, id="a text of an end before all time"),
        pytest.param({"exp": -(2**63)}, id="an end as far back as there is"),
        pytest.param({"exp": 10**20}, id="an end after all time"),
        pytest.param({"exp": "never"}, id="an end that is no time"),
        pytest.param({"exp": True}, id="an end that is a boolean"),
        pytest.param({"exp": [9_999_999_999]}, id="an end that is a list"),
        pytest.param({"exp": -1}, id="an end before all time"),
        pytest.param({"nbf": int(time.time()) + 3600}, id="not yet"),
    ],
)
def test_a_token_out_of_its_time_is_not(
    shared: Running, public: Running, recorder: Recorder, changed: dict[str, Any]
) -> None:
    refused(shared, recorder, hs256(**changed))
    refused(public, recorder, rs256(**changed))


def test_a_clock_that_is_a_little_ahead_is_no_reason(shared: Running) -> None:
    assert shared.ask(PATH, headers=bearer(hs256(nbf=int(time.time()) + 5))).status_code == 200
    assert shared.ask(PATH, headers=bearer(hs256(nbf=int(time.time()) - 5))).status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS256", "RS256", "HS512", "ES256"])
def test_a_token_that_nobody_signed_is_not(both: Running, recorder: Recorder, algorithm: str) -> None:
    refused(both, recorder, unsigned(algorithm))
    refused(both, recorder, unsigned(algorithm).rstrip("."))


def test_a_token_of_another_key_is_not(shared: Running, public: Running, both: Running, recorder: Recorder) -> None:
    refused(shared, recorder, hs256(b"x" * 40))
    refused(shared, recorder, hs256(b""))
    refused(public, recorder, rs256(OTHER_RSA_KEY))
    refused(both, recorder, rs256(OTHER_RSA_KEY))


@pytest.mark.parametrize("key", [PUBLIC_KEY, PUBLIC_KEY.strip(), PUBLIC_KEY.replace("\n", "\\n"), "jwt.pub"])
def test_the_public_key_is_no_shared_secret(public: Running, both: Running, recorder: Recorder, key: str) -> None:
    """RFC 8725, section 2.1: everybody has it."""
    for running in (public, both):
        refused(running, recorder, hs256(key.encode()))
        refused(running, recorder, hs256(key.encode(), header={"alg": "RS256"}))


def test_the_algorithm_is_the_settings_and_not_the_tokens(shared: Running, public: Running, recorder: Recorder) -> None:
    refused(public, recorder, hs256())
    refused(shared, recorder, rs256())
    refused(shared, recorder, hs256(header={"alg": "HS384"}))
    refused(shared, recorder, hs256(header={"alg": "none"}))
    refused(shared, recorder, hs256(header={"typ": "JWT"}))
    refused(public, recorder, rs256(header={"alg": "RS512"}))


def test_a_changed_token_is_not(shared: Running, recorder: Recorder) -> None:
    header, _, signature = hs256().split(".")
    other = signed(claims(sub="root"), {"alg": "HS256"}, lambda _: b"").split(".")[1]
    refused(shared, recorder, f"{header}.{other}.{signature}")
    refused(shared, recorder, f"{header}.{other}.")
    refused(shared, recorder, f"{header}.{other}")
    for broken in ("", "a", "a.b.c", "..", "e30.e30.e30", "\x01", hs256() + "x", hs256()[:-4]):
        refused(shared, recorder, broken)


class TestIssuerAndAudience:
    """`jwt.issuer` and `jwt.audience`."""

    @pytest.fixture
    def strict(self, edges: Edges, recorder: Recorder) -> Running:
        return edges.of(guard(issuer=ISSUER, audience=AUDIENCE), recorder.port)

    def test_the_right_ones(self, strict: Running) -> None:
        assert strict.ask(PATH, headers=bearer(hs256(iss=ISSUER, aud=AUDIENCE))).status_code == 200

    @pytest.mark.parametrize("audience", [[AUDIENCE], ["other", AUDIENCE], [AUDIENCE, "other", "third"]])
    def test_one_of_several_audiences(self, strict: Running, audience: list[str]) -> None:
        """RFC 7519, section 4.1.3: a list, where a token is for more than one."""
        assert strict.ask(PATH, headers=bearer(hs256(iss=ISSUER, aud=audience))).status_code == 200

    @pytest.mark.parametrize(
        "changed",
        [
            {},
            {"iss": ISSUER},
            {"aud": AUDIENCE},
            {"iss": "https://evil.example", "aud": AUDIENCE},
            {"iss": ISSUER + "/", "aud": AUDIENCE},
            {"iss": ISSUER.upper(), "aud": AUDIENCE},
            {"iss": [ISSUER], "aud": AUDIENCE},
            {"iss": ISSUER, "aud": "other"},
            {"iss": ISSUER, "aud": AUDIENCE[:-1]},
            {"iss": ISSUER, "aud": AUDIENCE + "x"},
            {"iss": ISSUER, "aud": []},
            {"iss": ISSUER, "aud": ["other"]},
            {"iss": ISSUER, "aud": [f'x"{AUDIENCE}"', f"{AUDIENCE}x"]},
            {"iss": ISSUER, "aud": {"x": AUDIENCE}},
            {"iss": AUDIENCE, "aud": ISSUER},
        ],
        ids=str,
    )
    def test_a_wrong_one(self, strict: Running, recorder: Recorder, changed: dict[str, Any]) -> None:
        refused(strict, recorder, hs256(**changed))


class TestSubject:
    """A subject is a header of the request to the application, so it can be no other thing."""

    @pytest.mark.parametrize(
        "subject", ["ann", "ann@example.com", "auth0|5f7c8ec7c33c6c004bbafe82", "a" * 128, "~!%{}"]
    )
    def test_a_plain_one_is_handed_on(self, shared: Running, recorder: Recorder, subject: str) -> None:
        assert shared.ask(PATH, headers=bearer(hs256(sub=subject))).status_code == 200
        assert recorder.requests[0].all("x-forwarded-user") == [subject]

    @pytest.mark.parametrize(
        "subject",
        [
            None,
            "",
            "a b",
            "root\n",
            "\nroot",
            "root\r\nX-Forwarded-User: admin",
            "root\r\n\r\nGET /api/v1/config HTTP/1.1\r\nHost: a\r\n\r\n",
            "a\tb",
            "a\x00b",
            "a\x7f",
            "ä",
            "a" * 129,
            7,
            ["ann"],
        ],
        ids=repr,
    )
    def test_any_other_one_is_nobody_in_particular(self, shared: Running, recorder: Recorder, subject: Any) -> None:
        assert shared.ask(PATH, headers=bearer(hs256(sub=subject))).status_code == 200
        [received] = recorder.requests
        assert received.target == PATH
        assert received.all("x-forwarded-user") in (["unnamed"], ["7"])
        assert received.all("x-forwarded-proto") == ["http"], "the head ends where it should"


def test_a_secret_with_every_sort_of_character_is_the_same_secret(edges: Edges, recorder: Recorder) -> None:
    secret = "a b\tc\"d'e\\f#g$h%i{j}k\n l~ä€ 0123 xyzw"
    config = guard()
    config["environment"] = {"jwtSecret": secret}
    own = edges.of(config, recorder.port)
    assert own.ask(PATH, headers=bearer(hs256(secret.encode()))).status_code == 200


def test_a_token_in_another_place_is_no_token(shared: Running, recorder: Recorder) -> None:
    token = hs256()
    for headers in ({"Authorization": token}, {"Authorization": f"Token {token}"}, {"Cookie": f"Bearer={token}"}):
        assert shared.ask(PATH, headers=headers).status_code == 401
    assert shared.ask(f"{PATH}?access_token={token}").status_code == 401
    assert recorder.requests == []


def test_padding_is_not_part_of_a_token(shared: Running, recorder: Recorder) -> None:
    """RFC 7515, section 2; what HAProxy takes it for, it must not become another token."""
    assert encoded(b"a") == "YQ"
    refused(shared, recorder, hs256() + "=")


@pytest.mark.parametrize(
    "nbf", ["never", "1", -1, -(2**63), 10**20, 2**63, True, None, [1], {"at": 1}, [], 99_999_999_999], ids=str
)
def test_a_beginning_that_is_no_time_is_not(shared: Running, recorder: Recorder, nbf: Any) -> None:
    body = {**claims(), "nbf": nbf}
    token = signed(body, {"alg": "HS256"}, lambda text: hmac.digest(SECRET.encode(), text, "sha256"))
    refused(shared, recorder, token)


def test_a_beginning_may_have_a_fraction(shared: Running) -> None:
    assert shared.ask(PATH, headers=bearer(hs256(nbf=time.time() - 5))).status_code == 200


@pytest.mark.parametrize("critical", [["exp"], ["b64"], [], "b64", None], ids=str)
def test_what_a_token_calls_critical_is_not_known(shared: Running, recorder: Recorder, critical: Any) -> None:
    """RFC 7515, section 4.1.11."""
    refused(shared, recorder, hs256(header={"alg": "HS256", "crit": critical, "b64": True}))


def test_a_secret_is_rotated_while_tokens_of_both_are_accepted(edges: Edges, recorder: Recorder) -> None:
    """`edge.authentication.jwt.previousSecret`; no third one is."""
    old = SECRET[::-1]
    rotating = edges.of(guard(previousSecret=old), recorder.port)
    for key in (SECRET, old):
        assert rotating.ask(PATH, headers=bearer(hs256(key.encode()))).status_code == 200
    assert len(recorder.requests) == 2
    recorder.reset()
    refused(rotating, recorder, hs256(b"x" * 40))
    refused(rotating, recorder, hs256(old.encode(), exp=int(time.time()) - 1))
    refused(rotating, recorder, unsigned("HS256"))
