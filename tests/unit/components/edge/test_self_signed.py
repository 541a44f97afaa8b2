"""The self-signed certificate of a stack: its names, its validity, and its renewal."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from components.edge import self_signed
from components.edge.self_signed import RENEW_DAYS, VALID_DAYS, _Maker

HOSTS = ["mimir.example.com", "localhost", "127.0.0.1", "::1"]


def test_it_contains_every_name_and_address() -> None:
    certificate = x509.load_pem_x509_certificate(self_signed.make(HOSTS)["chain"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mimir.example.com", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]


def test_each_certificate_has_a_new_key() -> None:
    first, second = self_signed.make(HOSTS), self_signed.make(HOSTS)
    certificate = x509.load_pem_x509_certificate(first["chain"].encode())
    key = load_pem_private_key(first["key"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == certificate.public_key()
    assert first["key"] != second["key"]
    assert first["fingerprint"] != second["fingerprint"]


def test_it_is_valid_from_now_for_a_year() -> None:
    values = self_signed.make(HOSTS)
    certificate = x509.load_pem_x509_certificate(values["chain"].encode())
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now
    assert abs(certificate.not_valid_after_utc - now - timedelta(days=VALID_DAYS)) < timedelta(minutes=1)
    assert abs(datetime.fromisoformat(values["expires"]) - certificate.not_valid_after_utc) < timedelta(seconds=2)


def test_a_long_name_fits() -> None:
    host = ".".join(["x" * 60] * 4)
    certificate = x509.load_pem_x509_certificate(self_signed.make([host])["chain"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [host]


class TestRenewal:
    """When an update replaces the certificate."""

    @staticmethod
    def replacement_reasons(days_left: float, hosts: list[str]) -> list[str] | None:
        """The properties that cause a replacement; None without one."""
        expires = (datetime.now(UTC) + timedelta(days=days_left)).isoformat()
        diff = _Maker().diff("id", {"hosts": HOSTS, "expires": expires}, {"hosts": hosts})
        return diff.replaces if diff.changes else None

    def test_a_valid_one_is_kept(self) -> None:
        assert self.replacement_reasons(RENEW_DAYS + 1, HOSTS) is None

    def test_one_that_expires_soon_is_replaced(self) -> None:
        assert self.replacement_reasons(RENEW_DAYS - 1, HOSTS) == ["expires"]
        assert self.replacement_reasons(-1, HOSTS) == ["expires"]

    def test_other_names_replace_it(self) -> None:
        assert self.replacement_reasons(RENEW_DAYS + 1, HOSTS[1:]) == ["hosts"]

    def test_the_state_has_every_output(self) -> None:
        created = _Maker().create({"hosts": HOSTS})
        assert created.outs is not None
        assert set(created.outs) == {"hosts", "chain", "key", "fingerprint", "expires"}
        assert created.id == created.outs["fingerprint"]
