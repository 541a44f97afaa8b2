"""Kubeconfigs, with everything in them: such a file can be copied, or its contents be given to a program."""

from __future__ import annotations

import base64
from pathlib import Path

from toolchain.services.cluster.places import API_PORT, LOOPBACK, NAME

TEMPLATE = """\
apiVersion: v1
kind: Config
current-context: {name}
contexts:
- name: {name}
  context: {{cluster: {name}, user: {user}}}
clusters:
- name: {name}
  cluster:
    server: https://{address}
    certificate-authority-data: {authority}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
"""


def kubeconfig(pki: Path, name: str) -> str:
    """A kubeconfig with embedded certificates.

    Args:
        pki: the folder with NAME.key and NAME.crt, and the authority's ca.crt.
        name: the identity, such as `admin`.
    """
    return TEMPLATE.format(
        name=NAME,
        user=f"{NAME}-{name}",
        address=f"{LOOPBACK}:{API_PORT}",
        authority=_packed(pki / "ca.crt"),
        certificate=_packed(pki / f"{name}.crt"),
        key=_packed(pki / f"{name}.key"),
    )


def _packed(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
