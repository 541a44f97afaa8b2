"""Signs that a text is a secret: its name, its form, or that it looks random."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator

NAME = re.compile(
    r"(?:^|[_.\-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|jwt|dsn|bearer|authorization"
    r"|(?:api|access|private|secret|signing|encryption|auth|account)[_.\-]?key|connection[_.\-]?string)$",
    re.IGNORECASE,
)
"""Names whose values are secrets: the last word counts, so that a TOKEN_TTL or a PASSWORD_FILE does not."""

CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

HARMLESS = re.compile(
    r"\s*(?:|[\d.]+\s?[a-z%]{0,3}|true|false|yes|no|on|off|none|null|(?:\.{0,2}/|[A-Za-z]:\\)\S*|\$\{?\w+\}?|[{\[].*"
    r"|\w+://[^@\s]*)\s*",
    re.IGNORECASE,
)
"""Values that are no secrets whatever their name: numbers, switches, paths, references, lists, plain addresses."""

FORMS = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.\-]*://[^\s:/@]+:[^\s:/@$]+@", re.IGNORECASE)),
    ("a token (JWT)", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")),
    ("an access key of AWS", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a token of GitHub", re.compile(r"\b(?:gh[pousr]_\w{36,}|github_pat_\w{22,})")),
    ("a token of GitLab", re.compile(r"\bglpat-[\w-]{20,}")),
    ("a token of Slack", re.compile(r"\bxox[abeoprs]-[\w-]{10,}")),
    ("a key of Google", re.compile(r"\bAIza[\w-]{35}\b")),
    ("a key of Stripe", re.compile(r"\b[rs]k_live_\w{16,}")),
)

LINE = re.compile(r"^\s*[\"']?([\w.\-]{1,64})[\"']?\s*[:=]\s*[\"']?([^\"'\n]*)", re.MULTILINE)
"""A setting in a file: `name: value` or `name = value`."""

INLINE = re.compile(r"(?:^|[\s\"';&])-{0,2}([\w.\-]{1,64})[\"']?\s*[:=]\s*[\"']?([^\"'\s]*)")
"""The same within a line: a header or an argument in a command."""

PUBLIC = re.compile(
    r"-----BEGIN (?P<what>(?:[A-Z0-9]+ )?(?:PUBLIC KEY|CERTIFICATE(?: REQUEST)?|X509 CRL))-----"
    r"(?P<der>[^-]*)-----END (?P=what)-----"
    r"|\bjwt_payload_query\('\$\.(?:iss|aud)\b[^']*'\) -m str -- (?:\"(?:\\.|[^\"\\])*\"|\S+)"
    r"|(?m:^)\^\([A-Z\[\]+|\-]+\):/\S*"
)
"""What anybody may know although it looks random: public keys and certificates, the issuer and audience with which
HAProxy compares a token's claims, and the requests (`^(GET):/reports$`) in its maps."""

RANDOM = re.compile(r"[A-Za-z0-9+/_\-]{24,}={0,2}")
LEAST_BITS = 4.1
"""Of entropy a character. Words have fewer, base64 of random bytes more from 24 characters on."""

LEAST_DIGITS = 2
WORD = re.compile(r"[a-z]{4,}|[A-Z]{5,}|[A-Z][a-z]{3,}")
MOST_WORDS = 0.5
"""Share of the characters that may be parts of words: names and paths have more."""


BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{8,}={0,2}\s*")
DEEPEST = 3
"""Maximum depth of nested base64 that is decoded."""


def signs(name: str, text: str, depth: int = 0) -> Iterator[str]:
    """Why a text looks like a secret, without repeating it.

    Args:
        name: the name that the text belongs to, such as that of a variable.
        text: the text.
        depth: how many layers of base64 were decoded already.
    """
    if _is_secret_name(name) and not HARMLESS.fullmatch(text):
        yield f"its name, {name}, is that of a secret"
    yield from (form for form, pattern in FORMS if pattern.search(text))
    settings = (LINE if "\n" in text else INLINE).findall(text)
    named = {key for key, value in settings if _is_secret_name(key) and not HARMLESS.fullmatch(value)}
    yield from (f"a line sets {key}" for key in sorted(named))
    decoded = _decoded(text) if depth < DEEPEST else None
    if decoded is not None:
        yield from (f"in base64: {sign}" for sign in signs("", decoded, depth + 1))
    is_prose = decoded is not None and any(map(str.isspace, decoded.strip()))
    if not is_prose and any(_looks_random(match.group()) for match in RANDOM.finditer(PUBLIC.sub(_hidden, text))):
        yield "it looks like a random key"


def _hidden(public: re.Match[str]) -> str:
    """What stays of public material: nothing, unless a block in PEM holds something else than DER."""
    if public.group("der") is None:
        return " "
    try:
        der = base64.b64decode("".join(public.group("der").split()), validate=True)
    except ValueError:
        der = b""
    is_sequence = len(der) > 4 and der[0] == 0x30
    long_form = der[1] & 0x7F if is_sequence and der[1] & 0x80 else 0
    length = int.from_bytes(der[2 : 2 + long_form]) if long_form else der[1] if is_sequence else -1
    return " " if len(der) == 2 + long_form + length else public.group()


def _decoded(text: str) -> str | None:
    """The text that `text` is in base64, or in its form for addresses; None where it is none."""
    if not BASE64.fullmatch(text):
        return None
    joined = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        decoded = base64.b64decode(joined + "=" * (-len(joined) % 4), validate=True).decode()
    except ValueError:
        return None
    return decoded if all(letter.isprintable() or letter.isspace() for letter in decoded) else None


def _is_secret_name(name: str) -> bool:
    return NAME.search(CAMEL.sub("_", name)) is not None


def _looks_random(text: str) -> bool:
    """Whether it has the letters of random bytes in base64. Hexadecimal does not count: digests are no secrets."""
    kinds = (any(map(str.islower, text)), any(map(str.isupper, text)), sum(map(str.isdigit, text)) >= LEAST_DIGITS)
    words = sum(len(word) for word in WORD.findall(text))
    return all(kinds) and _bits(text) >= LEAST_BITS and words <= MOST_WORDS * len(text)


def _bits(text: str) -> float:
    """Shannon's entropy, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
