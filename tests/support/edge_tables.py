"""Values that the edge's settings accept and refuse."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from components.edge import self_signed
from tests.support.configuration import at, merged

HASH = "26b25654d194c22cd4523785693de37699449f049eb05871de6e863caffe5016"
CRYPT = "$6$mimirtest$RHYz4ugY2hK/7xm52sQu614TmZ3MUiRvxfA2OMPfPka4UC7TNVlju.bXJ5h1iPQnpKw8wIgFkMdgsZzBH1Dll0"
SECRET = hashlib.sha256(b"a secret of the tests").hexdigest()
MADE = self_signed.make(["mimir.example.com", "*.apps.example.com", "192.0.2.1"])
GIVEN = {"edge": {"tls": {"mode": "given", "certificate": MADE["chain"], "key": MADE["key"]}}}
"""A certificate of one's own."""

CALLERS = at("edge.authentication.apiKeys", {"ci": HASH})
PUBLIC_KEY = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)

FILES = {"tls.crt": MADE["chain"], "tls.key": MADE["key"], "jwt.pub": PUBLIC_KEY}
"""What the commands that mend something read."""

NEEDS: dict[str, dict[str, Any]] = {
    "edge.redirectPort": at("edge.tls.mode", "selfSigned"),
    "edge.opened": CALLERS,
    "edge.authentication.required": CALLERS,
    "edge.authentication.jwt.previousSecret": at("environment.jwtSecret", SECRET),
    "edge.authentication.jwt.publicKey": at("edge.authentication.jwt", {"issuer": "a", "audience": "b"}),
    "edge.tls.certificate": GIVEN,
    "edge.tls.key": GIVEN,
    "edge.tls.issuer": {"edge": {"tls": {"mode": "certManager"}, "hosts": ["mimir.example.com"]}},
}

NEEDS_OF_A_VALUE: dict[tuple[str, str], dict[str, Any]] = {
    ("edge.tls.mode", "given"): GIVEN,
    ("edge.tls.mode", "certManager"): merged(NEEDS["edge.tls.issuer"], at("edge.tls.issuer", "letsencrypt")),
    ("edge.kind", "gateway"): at("edge.gateway.name", "public"),
}

ON_A_CLUSTER = {
    ("edge.tls.mode", "certManager"),
    ("edge.kind", "gateway"),
    ("edge.kind", "ingress"),
    ("edge.tls.issuer", "letsencrypt"),
    ("edge.tls.issuer", ""),
}
"""Values that make no sense on an engine."""

GOOD: dict[str, list[Any]] = {
    "edge.kind": ["haproxy", "gateway", "ingress", "none"],
    "edge.image": ["haproxy:3.2-alpine", "mirror.example.com:5000/haproxy@sha256:" + "0" * 64],
    "edge.hosts": [[], ["mimir.example.com", "localhost", "a", "192.0.2.1", "x" * 63 + ".example"]],
    "edge.port": [1, 443, 65_535],
    "edge.redirectPort": [1, 80, 65_535],
    "edge.paths": [[], ["/reports", "/reports/{}/a.b-c_d~e", "/{}"]],
    "edge.opened": [[], ["config"], ["config", "config-save", "execute", "tools", "protected", "accounts"]],
    "edge.corsOrigins": [[], ["https://app.example.com", "http://localhost:3000"]],
    "edge.trustedProxies": [[], ["10.0.0.0/8", "192.0.2.1", "fd00::/8"]],
    "edge.affinity": [True, False],
    "edge.retries": [0, 10],
    "edge.errorLimit": [1, 10_000],
    "edge.maxBodyKib": [1, 1_048_576],
    "edge.maxConnections": [10, 100_000],
    "edge.maxConnectionsPerReplica": [1, 100_000],
    "edge.cpus": [0.1, 64, "0.5"],
    "edge.memoryMib": [64, 65_536],
    "edge.tls.mode": ["off", "selfSigned", "given", "certManager"],
    "edge.tls.certificate": [MADE["chain"], MADE["chain"] + self_signed.make(["ca.example.com"])["chain"]],
    "edge.tls.key": [MADE["key"]],
    "edge.tls.issuer": ["letsencrypt"],
    "edge.tls.minimum": ["1.2", "1.3"],
    "edge.tls.hstsSeconds": [0, 63_072_000],
    "edge.authentication.required": [True, False],
    "edge.authentication.apiKeys": [{}, {"ci": HASH, "deploy.1@example-com_x": HASH}],
    "edge.authentication.users": [{}, {"bob": CRYPT, "ann": "$2b$12$abcdefghijklmnopqrstuv./A1"}],
    "edge.authentication.jwt.hs256": [True, False],
    "edge.authentication.jwt.publicKey": [PUBLIC_KEY],
    "edge.authentication.jwt.previousSecret": [SECRET[::-1]],
    "edge.authentication.jwt.issuer": ["https://login.example.com"],
    "edge.authentication.jwt.audience": ["mimir"],
    "edge.rateLimit.requestsPerClient": [1, 10_000_000],
    "edge.rateLimit.requestsPerKey": [1, 10_000_000],
    "edge.rateLimit.failuresPerClient": [1, 10_000_000],
    "edge.rateLimit.windowSeconds": [1, 3600],
    "edge.rateLimit.connectionsPerClient": [1, 100_000],
    "edge.rateLimit.concurrentPerClient": [1, 100_000],
    "edge.timeouts.requestSeconds": [1, 300],
    "edge.timeouts.idleSeconds": [1, 60],
    "edge.timeouts.connectSeconds": [1, 30],
    "edge.timeouts.queueSeconds": [1, 300],
    "edge.timeouts.responseSeconds": [1, 600],
}

BAD: dict[str, list[Any]] = {
    "edge.kind": ["nginx", "HAProxy", "", None],
    "edge.image": ["", None],
    "edge.hosts": [
        "mimir.example.com",
        ["Mimir.example.com"],
        ["*"],
        ["*.example.com"],
        ["a b"],
        ["a:80"],
        ["-a"],
        [""],
    ],
    "edge.port": [0, 65_536, "https"],
    "edge.redirectPort": [0, 65_536, "http"],
    "edge.paths": [
        ["reports"],
        ["/a/"],
        ["//a"],
        ["/../a"],
        ["/a/."],
        ["/%61"],
        ["/a;b"],
        ["/a?b"],
        ["/a b"],
        ["/*"],
        [""],
        "/a",
    ],
    "edge.opened": ["config", [5], {"config": True}],
    "edge.corsOrigins": [
        ["*"],
        ["null"],
        ["app.example.com"],
        ["https://app.example.com/"],
        ["https://*.example.com"],
        "*",
    ],
    "edge.trustedProxies": [["proxy"], ["10.0.0.1/8"], ["10.0.0"], [""], "10.0.0.0/8"],
    "edge.affinity": ["maybe"],
    "edge.retries": [-1, 11, "often"],
    "edge.errorLimit": [0, 10_001],
    "edge.maxBodyKib": [0, 1_048_577, "1M"],
    "edge.maxConnections": [9, 100_001],
    "edge.maxConnectionsPerReplica": [0, 100_001],
    "edge.cpus": [0, 0.09, 64.1, "two"],
    "edge.memoryMib": [63, 65_537, "128Mi"],
    "edge.tls.mode": ["on", "self-signed", True],
    "edge.tls.certificate": ["tls.crt", ""],
    "edge.tls.key": [["x"], {"pem": "x"}],
    "edge.tls.issuer": ["", 5],
    "edge.tls.minimum": ["1.1", "1.0", "TLSv1.2", ""],
    "edge.tls.hstsSeconds": [-1, 63_072_001, "1y"],
    "edge.authentication.required": ["maybe"],
    "edge.authentication.apiKeys": [
        {"ci": "a key in the clear"},
        {"ci": HASH.upper()},
        {"ci": HASH[1:]},
        {"ci": [HASH]},
    ],
    "edge.authentication.users": [{"bob": "hunter22"}, {"bob": "$1$md5$md5md5md5"}, {"bob": CRYPT + "\n"}, [CRYPT]],
    "edge.authentication.jwt.hs256": ["maybe"],
    "edge.authentication.jwt.publicKey": ["jwt.pub", MADE["chain"]],
    "edge.authentication.jwt.previousSecret": ["short"],
    "edge.authentication.jwt.issuer": ["", 5],
    "edge.authentication.jwt.audience": ["", ["a"]],
    "edge.rateLimit.requestsPerClient": [0, 10_000_001],
    "edge.rateLimit.requestsPerKey": [0, 10_000_001],
    "edge.rateLimit.failuresPerClient": [0, 10_000_001],
    "edge.rateLimit.windowSeconds": [0, 3601, "10s"],
    "edge.rateLimit.connectionsPerClient": [0, 100_001],
    "edge.rateLimit.concurrentPerClient": [0, 100_001],
    "edge.timeouts.requestSeconds": [0, 301, "10s"],
    "edge.timeouts.idleSeconds": [0, 61],
    "edge.timeouts.connectSeconds": [0, 31],
    "edge.timeouts.queueSeconds": [0, 301],
    "edge.timeouts.responseSeconds": [0, 601],
}
