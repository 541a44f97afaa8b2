"""The certificate that a stack makes for itself: its names, its end, and when a new one is made."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from components.edge import self_signed
from components.edge.self_signed import RENEW_DAYS, VALID_DAYS, _Maker

HOSTS = ["mimir.example.com", "localhost", "127.0.0.1", "::1"]


def test_it_is_for_every_name_and_address() -> None:
    made = x509.load_pem_x509_certificate(self_signed.make(HOSTS)["chain"].encode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mimir.example.com", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]


def test_its_key_is_its_own_and_new_each_time() -> None:
    one, other = self_signed.make(HOSTS), self_signed.make(HOSTS)
    certificate = x509.load_pem_x509_certificate(one["chain"].encode())
    key = load_pem_private_key(one["key"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == certificate.public_key()
    assert one["key"] != other["key"]
    assert one["fingerprint"] != other["fingerprint"]


def test_it_begins_a_little_ago_and_ends_in_a_year() -> None:
    made = self_signed.make(HOSTS)
    certificate = x509.load_pem_x509_certificate(made["chain"].encode())
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now
    assert abs(certificate.not_valid_after_utc - now - timedelta(days=VALID_DAYS)) < timedelta(minutes=1)
    assert abs(datetime.fromisoformat(made["expires"]) - certificate.not_valid_after_utc) < timedelta(seconds=2)


def test_a_long_name_fits() -> None:
    host = ".".join(["x" * 60] * 4)
    made = x509.load_pem_x509_certificate(self_signed.make([host])["chain"].encode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [host]


class TestRenewal:
    """When an update makes a new one."""

    @staticmethod
    def kept(days_left: float, hosts: list[str]) -> list[str] | None:
        """Why it is made anew; None where it stays."""
        expires = (datetime.now(UTC) + timedelta(days=days_left)).isoformat()
        found = _Maker().diff("id", {"hosts": HOSTS, "expires": expires}, {"hosts": hosts})
        return found.replaces if found.changes else None

    def test_a_current_one_stays(self) -> None:
        assert self.kept(RENEW_DAYS + 1, HOSTS) is None

    def test_one_that_ends_soon_is_made_anew(self) -> None:
        assert self.kept(RENEW_DAYS - 1, HOSTS) == ["expires"]
        assert self.kept(-1, HOSTS) == ["expires"]

    def test_other_names_make_another_one(self) -> None:
        assert self.kept(RENEW_DAYS + 1, HOSTS[1:]) == ["hosts"]

    def test_what_is_made_is_what_the_stack_keeps(self) -> None:
        made = _Maker().create({"hosts": HOSTS})
        assert made.outs is not None
        assert set(made.outs) == {"hosts", "chain", "key", "fingerprint", "expires"}
        assert made.id == made.outs["fingerprint"]
