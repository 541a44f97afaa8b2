"""Whatever a secret holds, and whichever tool writes it, a report does not show it."""

from __future__ import annotations

import base64
import html
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi.automation import ConfigValue

from ops.report.redaction import redaction
from ops.report.redaction.redaction import MASK, Redaction


def go_json(secret: str) -> str:
    """As Go's encoding/json writes it."""
    text = json.dumps(secret, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def inner_base64(before: int) -> Callable[[str], str]:
    """In base64, behind some other bytes, as in `user:password` of Basic authentication."""
    return lambda secret: base64.b64encode(b"user:"[:before] + secret.encode() + b"\n").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON, ASCII": json.dumps,
    "JSON": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON of Go": go_json,
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"k": secret})),
    "JSON of Go in JSON of Go": lambda secret: go_json(go_json(secret)),
    "Python": repr,
    "Python's bytes": lambda secret: repr(secret.encode()),
    "YAML": yaml.safe_dump,
    "YAML, quoted": lambda secret: yaml.safe_dump(secret, default_style="'", width=10_000),
    "YAML, double quotes": lambda secret: yaml.safe_dump(secret, default_style='"', width=10_000),
    "path of a URL": lambda secret: quote(secret, safe="$&+,/:;=@"),
    "query of a URL": quote_plus,
    "URL, lower case": lambda secret: quote(secret, safe="").replace("%C3", "%c3"),
    "URL, twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "HTML": html.escape,
    "shell": shlex.quote,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 without padding": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 in JSON": lambda secret: json.dumps(base64.b64encode(secret.encode()).decode()).replace("/", "\\/"),
    "base64 of JSON of Go": lambda secret: base64.b64encode(go_json(secret).encode()).decode(),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "HEXADECIMAL": lambda secret: secret.encode().hex().upper(),
}
SECRETS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=9, max_size=40)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=25)
@given(secret=SECRETS.filter(lambda text: len(text.strip()) >= 9 and len(set(text)) > 4))
@example(secret="p&ss<w>rd-1")
@example(secret='quote"d-Ä-\\-é')
@example(secret="it's 100% + $HOME/x?y=z")
def test_a_secret_is_masked_in_every_encoding(encoding: str, secret: str) -> None:
    written = ENCODINGS[encoding](secret)
    if encoding == "YAML" and "\n" in written.strip():
        return  # folded over several lines
    text = Redaction([secret])(f"<{written}>")
    assert MASK in text
    assert ENCODINGS[encoding](secret).strip("'\"") not in text


@pytest.mark.parametrize("before", [0, 1, 2, 3, 4, 5])
def test_a_secret_inside_of_more_base64_is_masked(before: int) -> None:
    secret = "correct&horse/battery"
    encoded = inner_base64(before)(secret)
    text = Redaction([secret])(encoded)
    assert MASK in text
    assert len(text.replace(MASK, "")) <= before * 8 // 6 + 6, "no more than the bytes around it"


def of_stack(file: dict[str, Any], values: dict[str, Any], environment: dict[str, str], folder: Path) -> Redaction:
    """What masks for a stack with this file."""
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": file}))

    class Stack:
        name = "dev"

        def get_all_config(self) -> dict[str, ConfigValue]:
            return {
                key: ConfigValue(value if isinstance(value, str) else json.dumps(value), secret=True)
                for key, value in values.items()
            }

    stack: Any = Stack()
    return redaction.collect_secrets(stack, environment)


class TestWhereSecretsAre:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def masked(self, folder: Path, text: str, **environment: str) -> str:
        return of_stack({}, {}, environment, folder)(text)

    def test_every_leaf_of_a_section_that_is_encrypted_as_a_whole(self, folder: Path) -> None:
        section = {"secretVariables": {"A": "first-secret"}, "list": ["second-secret", {"deep": 31415926}]}
        clean = of_stack({"mimir:environment": {"secure": "v1:x"}}, {"mimir:environment": section}, {}, folder)
        assert clean("first-secret second-secret 31415926") == f"{MASK} {MASK} {MASK}"

    def test_a_secret_that_the_stack_file_does_not_have(self, folder: Path) -> None:
        clean = of_stack({}, {"mimir:environment": {"jwtSecret": "from-elsewhere"}}, {}, folder)
        assert clean("from-elsewhere") == MASK

    def test_the_token_of_a_kubeconfig_alone(self, folder: Path) -> None:
        kubeconfig = yaml.safe_dump({"kind": "Config", "users": [{"name": "ci", "user": {"token": "tok-en-1"}}]})
        clean = of_stack({"k:kubeconfig": {"secure": "v1:x"}}, {"k:kubeconfig": kubeconfig}, {}, folder)
        assert clean("with tok-en-1 of ci") == f"with {MASK} of ci"

    @pytest.mark.parametrize(
        "name",
        [
            "AZURE_STORAGE_KEY",
            "AZURE_CLIENT_SECRET",
            "GOOGLE_CREDENTIALS",
            "SOME_API_KEY",
            "OPENAI_APIKEY",
            "DB_PASS",
            "PGPASSWORD",
            "MYSQL_PWD",
            "CI_JOB_TOKEN",
            "AWS_SESSION_TOKEN",
            "AWS_ACCESS_KEY_ID",
            "DATABASE_DSN",
            "REGISTRY_AUTH",
            "npm_config_authToken",
        ],
    )
    def test_variables_that_are_named_like_secrets(self, folder: Path, name: str) -> None:
        assert self.masked(folder, "the-value-of-it", **{name: "the-value-of-it"}) == MASK

    @pytest.mark.parametrize("name", ["HOME", "SSH_AUTH_SOCK", "KEYBOARD", "OLDPWD", "PWD", "MONKEY", "TOKEN_FILE"])
    def test_variables_that_are_not(self, folder: Path, name: str) -> None:
        assert self.masked(folder, "/home/somebody", **{name: "/home/somebody"}) == "/home/somebody"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("HTTPS_PROXY", "http://me:pa%26ss-word@proxy:3128"),
            ("GOPROXY", "https://me:pa&ss-word@goproxy.example.com,direct"),
            ("MIMIR_OVERRIDES", '{"registry": {"password": "pa&ss-word"}}'),
            ("GIT_CONFIG_VALUE_0", "Authorization: Basic pa&ss-word"),
        ],
    )
    def test_passwords_in_other_variables(self, folder: Path, name: str, value: str) -> None:
        assert self.masked(folder, "401 for pa&ss-word", **{name: value}) == f"401 for {MASK}"

    def test_an_entry_of_credentials_in_a_variable(self, folder: Path) -> None:
        credentials = json.dumps({"type": "service_account", "private_key": "-----BEGIN-----\nMIIEvQIBADANBgkqhkiG\n"})
        text = self.masked(folder, "key MIIEvQIBADANBgkqhkiG", GOOGLE_CREDENTIALS=credentials)
        assert text == f"key {MASK}"

    @pytest.mark.parametrize(
        ("variable", "name", "content"),
        [
            ("KUBECONFIG", "kubeconfig", "users:\n- name: ci\n  user:\n    token: tok-en-1\n"),
            ("DOCKER_CONFIG", "config.json", json.dumps({"auths": {"r": {"auth": "Y2k6dG9rLWVuLTE="}}})),
            ("GOOGLE_APPLICATION_CREDENTIALS", "adc.json", json.dumps({"refresh_token": "tok-en-1"})),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials", "[default]\naws_secret_access_key = tok-en-1\n"),
            ("PULUMI_CREDENTIALS_PATH", "credentials.json", json.dumps({"accessTokens": {"https://p": "tok-en-1"}})),
            ("NETRC", "netrc", "machine git.example.com login me password tok-en-1\n"),
        ],
    )
    def test_files_from_which_the_tools_read_them(self, folder: Path, variable: str, name: str, content: str) -> None:
        (folder / name).write_text(content)
        place = folder if variable in ("DOCKER_CONFIG", "PULUMI_CREDENTIALS_PATH") else folder / name
        assert self.masked(folder, "with tok-en-1", **{variable: str(place)}) == f"with {MASK}"
