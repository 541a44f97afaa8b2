"""Validates the address of a registry by the rules of Docker's image references."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Address

LONGEST_LABEL, LONGEST_NAME = 63, 253
"""Maximum number of characters of a DNS label and of a DNS name (RFC 1035, 2.3.4)."""


def fault(address: str) -> str | None:
    """The reason why `address`, a host with or without a port, is invalid; None if it is valid.

    The rules are those of Docker's references (github.com/distribution/reference, `splitDockerDomain` and
    `DomainRegexp`): without a dot, a port or the name localhost, the first part of a name is a user of Docker Hub.
    """
    shown = json.dumps(address)
    host, colon, port = address.partition(":")
    if "/" in address or not re.fullmatch(r"[A-Za-z0-9.-]+", host):
        return f"{shown}, which is not a host, or a host and a port"
    if colon and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) <= 65535):
        return f"{shown}, whose port is not a number from 1 to 65535"
    labels = host.split(".")
    if max(map(len, labels)) > LONGEST_LABEL or len(host) > LONGEST_NAME:
        return f"{shown}, which has more than {LONGEST_LABEL} characters between two dots, or {LONGEST_NAME} in all"
    if not all(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", label) for label in labels):
        return f"{shown}, which has an empty part, or one that begins or ends with -"
    if re.fullmatch(r"[0-9.]+", host) and not _is_ipv4(host):
        return f"{shown}, which is not an IPv4 address"
    if len(labels) == 1 and not colon and host != "localhost":
        return f"{shown}, without a dot and without a port: Docker would push to the user {host} of the Docker Hub"
    return None


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True
