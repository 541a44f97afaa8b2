"""`image.caBundle`: certificates and nothing else."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from components.edge import self_signed
from components.image.ca_bundle import BadBundle, certificates
from tests.support.configuration import at, problem

MADE = self_signed.make(["ca.example.com"])
CHAIN = MADE["chain"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_certificates_are_taken_as_they_are(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes((CHAIN * 2).replace("\n", ending).encode())
    assert certificates(file) == file.read_bytes()


def test_the_bundle_of_a_library_is_accepted() -> None:
    assert certificates(Path(certifi.where())).count(b"BEGIN CERTIFICATE") > 50


def test_what_stands_between_them_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(f"root:x:0:0\n{CHAIN}# password: hunter2\n{CHAIN}")
    assert certificates(tmp_path / "ca.pem") == (CHAIN * 2).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("root:*:19000:0:99999:7:::\n", "holds no certificate"),
        ("", "holds no certificate"),
        (CHAIN + MADE["key"], "holds a private key"),
        (CHAIN.replace("MII", "AAA", 1), "is not a certificate"),
        (CHAIN[:300], "holds no certificate"),
    ],
)
def test_anything_else_is_refused_and_not_repeated(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "shadow"
    file.write_text(content)
    with pytest.raises(BadBundle, match=reason):
        certificates(file)
    found = problem(at("image.caBundle", str(file)))
    assert found.key == "mimir:image.caBundle" and reason in found.found
    assert not content[:30] or content[:30] not in str(found)


@pytest.mark.parametrize("place", [".", "/dev/zero", "nowhere"])
def test_what_is_no_file_is_refused(place: str) -> None:
    with pytest.raises(BadBundle, match="not a file"):
        certificates(Path(place))


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.der").write_bytes(bytes(range(256)))
    with pytest.raises(BadBundle, match="not a text"):
        certificates(tmp_path / "ca.der")
