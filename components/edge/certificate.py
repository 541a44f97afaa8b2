"""The edge's certificate, wherever it comes from."""

from __future__ import annotations

import pulumi

from components.edge.haproxy.files import Certificate
from components.edge.self_signed import SelfSigned
from components.settings import Settings


def certificate_for(
    name: str, settings: Settings, hosts: tuple[str, ...], opts: pulumi.ResourceOptions
) -> pulumi.Output[Certificate | None]:
    """The certificate that the settings ask for; None without TLS, or where the platform brings it itself.

    Args:
        name: of the resource, where one is made.
        settings: the stack's.
        hosts: names that a self-signed one is for, besides those in the settings.
        opts: for that resource.
    """
    if yours := given(settings):
        return pulumi.Output.secret(yours)
    if settings.tls_mode == "selfSigned":
        made = SelfSigned(name, (*settings.edge.hosts, *hosts), opts)
        return pulumi.Output.all(made.chain, made.key).apply(lambda both: Certificate(str(both[0]), str(both[1])))
    return pulumi.Output.from_input(None)


def given(settings: Settings) -> Certificate | None:
    """The certificate that stands in the settings, where they say that it is used."""
    tls = settings.edge.tls
    if settings.tls_mode != "given":
        return None
    assert tls.certificate and tls.key, "components/validation/tls.py"
    return Certificate(tls.certificate.strip() + "\n", tls.key.get_secret_value().strip() + "\n")
