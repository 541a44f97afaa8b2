"""The edge's certificate, from whichever source the settings name."""

from __future__ import annotations

import pulumi

from components.edge.haproxy.files import Certificate
from components.edge.self_signed import SelfSigned
from components.settings import Settings


def certificate_for(
    name: str, settings: Settings, hosts: tuple[str, ...], opts: pulumi.ResourceOptions
) -> pulumi.Output[Certificate | None]:
    """The certificate that `edge.tls.mode` selects.

    Args:
        name: logical name of the resource, if a certificate is created.
        settings: settings of the stack.
        hosts: DNS names and addresses of a self-signed certificate, in addition to `edge.hosts`.
        opts: resource options of that certificate.

    Returns:
        None without TLS, and where the platform provides the certificate itself.
    """
    if configured := configured_certificate(settings):
        return pulumi.Output.secret(configured)
    if settings.tls_mode == "selfSigned":
        self_signed = SelfSigned(name, (*settings.edge.hosts, *hosts), opts)
        return pulumi.Output.all(self_signed.chain, self_signed.key).apply(
            lambda values: Certificate(str(values[0]), str(values[1]))
        )
    return pulumi.Output.from_input(None)


def configured_certificate(settings: Settings) -> Certificate | None:
    """The certificate in the settings; None unless `edge.tls.mode` is `given`."""
    tls = settings.edge.tls
    if settings.tls_mode != "given":
        return None
    assert tls.certificate and tls.key, "components/validation/tls.py"
    return Certificate(tls.certificate.strip() + "\n", tls.key.get_secret_value().strip() + "\n")
