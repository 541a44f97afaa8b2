"""How the registry is asked: which address, past which proxy, and which certificates are believed."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Mapping

import pytest
import requests
from requests.adapters import HTTPAdapter

from components.image import registry
from components.problems import Problem
from components.settings import Settings

Send = Callable[[requests.PreparedRequest, bool | str], int]
REMOTE = {"address": "registry.example.com"}

pytestmark = pytest.mark.usefixtures("no_login")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Callable[[Send], None]:
    """Puts a function in place of the network: it is given a request and what is believed, and returns a status."""

    def put(send: Send) -> None:
        def instead(
            _: HTTPAdapter, request: requests.PreparedRequest, verify: bool | str = True, **__: object
        ) -> requests.Response:
            answer = requests.Response()
            answer.status_code, answer.url, answer.request = send(request, verify), str(request.url), request
            return answer

        monkeypatch.setattr(HTTPAdapter, "send", instead)

    return put


def problems(**sections: object) -> list[Problem]:
    """What is wrong with the registry of these settings."""
    return registry.problems(Settings.model_validate(sections))


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("registry.example.com", "https://registry.example.com/v2/"),
        ("localhost:5000", "http://localhost:5000/v2/"),
        ("127.1.2.3:5000", "http://127.1.2.3:5000/v2/"),
        ("docker.io", "https://registry-1.docker.io/v2/"),
    ],
)
def test_where_it_is_asked(address: str, url: str, network: Callable[[Send], None]) -> None:
    asked: list[str | None] = []

    def away(request: requests.PreparedRequest, _: bool | str) -> int:
        asked.append(request.url)
        raise requests.ConnectionError

    network(away)
    assert [one.key for one in problems(registry={"address": address})] == ["mimir:registry.address"]
    assert asked == [url]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("of_environment", [False, True])
def test_an_insecure_registry_is_plain_http_or_has_a_certificate_that_nobody_knows(
    scheme: str, of_environment: bool, network: Callable[[Send], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if of_environment:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")

    def send(request: requests.PreparedRequest, verify: bool | str) -> int:
        url = str(request.url)
        if url.startswith("https:") and (scheme == "http" or verify):
            raise requests.exceptions.SSLError
        return 200 if url.startswith(f"{scheme}:") else 400

    network(send)
    assert problems(registry={"address": "registry.example.com:5000", "insecure": True}) == []


class TestCertificates:
    """The registry's certificate is checked against what Docker believes."""

    @staticmethod
    def believed(network: Callable[[Send], None], **sections: object) -> set[bool | str]:
        """What is believed in the requests of a check."""
        seen: set[bool | str] = set()

        def send(_: requests.PreparedRequest, verify: bool | str) -> int:
            seen.add(verify)
            return 200

        network(send)
        assert problems(registry=REMOTE, **sections) == []
        return seen

    def test_the_systems_authorities(self, network: Callable[[Send], None], monkeypatch: pytest.MonkeyPatch) -> None:
        paths = ssl.get_default_verify_paths()._replace(cafile="/system/ca.pem")
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
        assert self.believed(network) == {"/system/ca.pem"}

    def test_a_system_without_a_file_of_them(
        self, network: Callable[[Send], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = ssl.get_default_verify_paths()._replace(cafile=None)  # type: ignore[arg-type]  # the stub is wrong
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
        assert self.believed(network) == {True}, "those that come with the library"

    @pytest.mark.parametrize("variable", [None, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_those_of_the_settings(
        self, network: Callable[[Send], None], monkeypatch: pytest.MonkeyPatch, variable: str | None
    ) -> None:
        if variable:
            monkeypatch.setenv(variable, "/of/the/environment.pem")
        assert self.believed(network, image={"caBundle": "/own/ca.pem"}) == {"/own/ca.pem"}

    def test_one_that_nobody_knows_is_not_taken_for_an_absent_registry(self, network: Callable[[Send], None]) -> None:
        def send(_: requests.PreparedRequest, verify: bool | str) -> int:
            raise requests.exceptions.SSLError("self-signed certificate in certificate chain")

        network(send)
        (found,) = problems(registry=REMOTE)
        assert found.key == "mimir:registry.address"
        assert "certificate that this machine does not trust" in found.found
        assert "self-signed certificate" in found.found
        assert "mimir:image.caBundle" in found.fix


def test_the_token_is_asked_for_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The realm of a company's registry has a certificate of the same authority."""
    asked: list[tuple[str, bool | str]] = []

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **how: object) -> requests.Response:
        asked.append((str(request.url).split("?")[0], str(how["verify"])))
        answer = requests.Response()
        answer.request = request
        answer.status_code = 200 if "/token" in str(request.url) else 401
        answer.headers["WWW-Authenticate"] = 'Bearer realm="https://auth.example.com/token",service="x"'
        return answer

    monkeypatch.setattr(HTTPAdapter, "send", send)
    assert problems(registry=REMOTE, image={"caBundle": "/own/ca.pem"}) == []
    assert asked == [
        ("https://registry.example.com/v2/", "/own/ca.pem"),
        ("https://auth.example.com/token", "/own/ca.pem"),
    ]


@pytest.mark.parametrize("command", ["docker", "curl", "pulumi"])
def test_every_fix_can_be_pasted_into_a_shell(command: str, network: Callable[[Send], None]) -> None:
    def send(_: requests.PreparedRequest, verify: bool | str) -> int:
        raise requests.exceptions.SSLError if command == "pulumi" else requests.ConnectionError

    network(send)
    address = "127.0.0.1:5000" if command == "docker" else "registry.example.com"
    (found,) = problems(registry={"address": address})
    stub = f"{command}() {{ printf '%s\\n' \"$@\"; }}\n"
    done = subprocess.run(["sh", "-euc", stub + found.fix], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()
    assert not {"or:", "make", "tools", "#"} & {*done.stdout.splitlines()}, "words for the reader are comments"


@pytest.mark.parametrize(
    ("address", "no_proxy", "proxied"),
    [
        ("registry.example.com", "", True),
        ("registry.example.com", "example.com", False),
        ("localhost:5000", "", False),
    ],
)
def test_which_proxy_is_asked(address: str, no_proxy: str, proxied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = "http://proxy.example.com:3128"
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("no_proxy", no_proxy)
    asked: list[bool] = []

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **how: object) -> requests.Response:
        proxies = how["proxies"]
        assert isinstance(proxies, Mapping)
        asked.append(proxy in proxies.values())
        answer = requests.Response()
        answer.request, answer.status_code = request, 200
        return answer

    monkeypatch.setattr(HTTPAdapter, "send", send)
    assert problems(registry={"address": address}) == []
    assert asked == [proxied]
