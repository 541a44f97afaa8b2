"""Who is asking: an API key, a password or a token; what cannot be proved is nobody.

A key is looked up by its SHA-256, so the time that it takes tells nothing of a key: whoever guesses cannot choose the
digest's first bytes. Tokens are verified with the algorithm that the settings name, never with the one that the token
names (RFC 8725, section 3.1).
"""

from __future__ import annotations

from components.edge.edge_spec import EdgeSpec
from components.edge.haproxy.errors import answer

CLOCK_SKEW_SECONDS = 30
"""How far a token's issuer may be ahead of us."""

NAME = r"^(?![\[{])[!-~]{1,128}\\z"
"""A subject that can stand in a header, and no list or object: HAProxy 3 hands those on as JSON text.

Not `$`, before which a line break may stand; `\\\\` is the file's own `\\`.
"""

ODD = """'"nbf"\\s*:\\s*+(?![0-9]{1,11}([.][0-9]+)?\\s*[,}])'"""
CRITICAL = """'"crit"\\s*:'"""
"""In the JSON text of a token."""

NOBODY = "-"
"""A name that no setting may give to anybody, with the hash of somebody."""

AUDIENCES = 8
"""How many members of a list of audiences are looked at."""

CHALLENGE = 'hdr WWW-Authenticate "Bearer realm=mimir"'


WRONG = "  http-request set-var(txn.wrong) bool(true) if {} !{{ var(txn.caller) -m found }}\n"
"""A credential that proves nothing is counted, whatever the path wants."""

ASKED = "!{ var(txn.verdict) -m str public }"
"""Where nobody is asked, nothing is verified: that costs the edge time, and tells a stranger what is right."""


def rules(edge: EdgeSpec) -> str:
    """Find out who it is; refuse who must be known and is not; count what each caller asks."""
    needs = "{ var(txn.verdict) -m str authenticated caller }"
    if not edge.authenticates:
        needs = "{ var(txn.verdict) -m str authenticated }"
    limits = edge.settings.rate_limit
    known = "{ var(txn.caller) -m found }"
    return "".join(
        [
            _keys(edge),
            _passwords(edge),
            _tokens(edge),
            f"  http-request sc-inc-gpc0(0) if {needs} !{known} or {{ var(txn.wrong) -m found }}\n",
            answer(401, "who are you? send a key or a token", f"if {needs} !{known}", CHALLENGE),
            f"  http-request track-sc1 var(txn.caller) table callers if {known}\n",
            answer(
                429,
                "too many requests",
                f"if {known} {{ sc_http_req_rate(1,callers) gt {limits.requests_per_key} }}",
                f"hdr Retry-After {limits.window_seconds}",
            ),
        ]
    )


def _keys(edge: EdgeSpec) -> str:
    if not edge.api_keys:
        return ""
    return f"""\
  http-request set-var(txn.caller) req.fhdr(x-api-key),sha2(256),hex,lower,map_str(keys.map) if {ASKED}
  http-request set-var(txn.scheme) str(key) if {{ var(txn.caller) -m found }}
{WRONG.format(f"{ASKED} {{ req.fhdr(x-api-key) -m found }}")}"""


def _passwords(edge: EdgeSpec) -> str:
    """One hash for each password, right or wrong, and for a name that nobody has as well: the time tells nothing."""
    if not edge.users:
        return ""
    basic = f"{ASKED} {{ http_auth_type Basic }} !{{ var(txn.caller) -m found }}"
    known = "is_somebody"
    names = "".join(f"  acl is_somebody var(txn.name) -m str -- {name}\n" for name in sorted(edge.users))
    return f"""\
{names}\
  http-request set-var(txn.name) http_auth_user if {basic}
  http-request set-var(txn.password) http_auth(callers) if {{ var(txn.name) -m found }} {known}
  http-request set-var(txn.secret) http_auth_pass if {{ var(txn.name) -m found }} !{known}
  http-request set-header Authorization "Basic %[str({NOBODY}),concat(:,txn.secret),base64]" \
if {{ var(txn.secret) -m found }}
  http-request set-var(txn.nothing) http_auth(nobody) if {{ var(txn.secret) -m found }}
  http-request unset-var(txn.secret)
  http-request set-var(txn.caller) var(txn.name) if {{ var(txn.password) -m bool }}
  http-request set-var(txn.scheme) str(basic) if {{ var(txn.password) -m bool }}
{WRONG.format(f"{ASKED} {{ http_auth_type Basic }}")}"""


def _tokens(edge: EdgeSpec) -> str:
    jwt = edge.settings.authentication.jwt
    if not (edge.jwt_secret or jwt.public_key):
        return ""
    verified = ""
    if edge.jwt_secret:
        # The key before, during a rotation, is tried only where the key is not the right one.
        for name in ("hs256", *(["previous"] if edge.previous_jwt_secret else [])):
            hs256 = "{ var(txn.jwt_alg) -m str HS256 } !{ var(txn.jwt_good) -m int 1 }"
            verified += f"""\
  http-request set-var(txn.jwt_key) str({name}),map_str(jwt.map),b64dec if {hs256}
  http-request set-var(txn.jwt_good) http_auth_bearer,jwt_verify("HS256",txn.jwt_key) if {hs256}
  http-request unset-var(txn.jwt_key)
"""
    if jwt.public_key:
        verified += """\
  http-request set-var(txn.jwt_good) http_auth_bearer,jwt_verify("RS256","jwt.pub") \
if { var(txn.jwt_alg) -m str RS256 }
"""
    claims = ["jwt_signed", "jwt_ends", "jwt_current", "!jwt_early", "!jwt_odd"]
    acls = ""
    for name, places, value in (
        ("iss", ["iss"], jwt.issuer),
        ("aud", ["aud", *(f"aud[{place}]" for place in range(AUDIENCES))], jwt.audience),
    ):
        if value:
            claims.append(f"jwt_{name}")
            for place in places:
                acls += f"  acl jwt_{name} http_auth_bearer,jwt_payload_query('$.{place}') -m str -- {_quoted(value)}\n"
    return f"""\
  http-request set-var(txn.jwt_alg) http_auth_bearer,jwt_header_query('$.alg') if {ASKED}
{verified}\
  http-request set-var(txn.now) date
  acl jwt_signed var(txn.jwt_good) -m int 1
  # HAProxy's `sub` takes a negative number for the largest there is.
  acl jwt_ends http_auth_bearer,jwt_payload_query('$.exp','int') -m int gt 0
  acl jwt_current http_auth_bearer,jwt_payload_query('$.exp','int'),sub(txn.now) -m int gt 0
  # `nbf` that is no plain number cannot be honoured, and neither can what a `crit` asks for (RFC 7515, section 4.1.11).
  acl jwt_odd http_auth_bearer,word(2,.),ub64dec -m reg {ODD}
  acl jwt_odd http_auth_bearer,word(1,.),ub64dec -m reg {CRITICAL}
  acl jwt_early http_auth_bearer,jwt_payload_query('$.nbf','int'),sub(txn.now) -m int gt {CLOCK_SKEW_SECONDS}
{acls}\
  http-request set-var(txn.subject) http_auth_bearer,jwt_payload_query('$.sub') if {" ".join(claims)}
  http-request set-var(txn.caller) str(unnamed) if {" ".join(claims)}
  http-request set-var(txn.caller) var(txn.subject) if {" ".join(claims)} {{ var(txn.subject) -m reg {NAME} }}
  http-request set-var(txn.scheme) str(jwt) if {" ".join(claims)}
{WRONG.format(f"{ASKED} {{ http_auth_bearer -m found }}")}"""


def _quoted(text: str) -> str:
    """`text` as one word of the configuration (management of quotes: HAProxy, section 2.2)."""
    return "'" + text.replace("'", "'\\''") + "'"
