"""Stacks whose edge uses every feature."""

from __future__ import annotations

from tests.support.configuration import at, merged
from tests.support.edge_tables import CALLERS, CRYPT, PUBLIC_KEY
from tests.support.program import SECRET

SECRETS = merged(CALLERS, at("edge.authentication.users", {"bob": CRYPT}), at("environment.jwtSecret", SECRET))
EVERYTHING = merged(
    SECRETS,
    {
        "edge": {
            "hosts": ["mimir.example.com"],
            "port": 443,
            "redirectPort": 80,
            "paths": ["/reports/{}"],
            "opened": ["config"],
            "corsOrigins": ["https://app.example.com"],
            "trustedProxies": ["10.0.0.0/8"],
            "tls": {"mode": "selfSigned"},
            "authentication": {"jwt": {"publicKey": PUBLIC_KEY, "issuer": "it's", "audience": 'a "b" \\ $c'}},
        }
    },
)
