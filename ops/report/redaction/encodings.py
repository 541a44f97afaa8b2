"""How the tools of a deployment write a secret: the pattern of every form that a text may take on its way.

Each character is matched in every spelling of it, so a text is found in JSON of Python (`\\u00e4`) and of Go
(`\\u0026`), in JSON inside of JSON, in a URL, in quotes of a shell and of YAML, in HTML, and in a mixture of them.
"""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from functools import cache
from html.entities import codepoint2name
from urllib.parse import quote

SHORT_ESCAPES = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f", "\v": "v", "\a": "a", "\x1b": "e", "\0": "0"}
SHORT_ESCAPES |= {"\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P"}  # YAML's
SHORTEST_BASE64 = 8
"""Characters of base64 from which a part of a longer encoding counts: it stands for six bytes."""

HTML_OF_GO = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""encoding/json escapes these three, because its text may be put into a page (json.HTMLEscape)."""


def patterns(secret: str) -> set[str]:
    """Regular expressions for the forms of `secret`: as text, in base64 at any offset, and in hexadecimal digits."""
    forms = {text(secret)}
    for content in _contents(secret):
        forms |= {_base64(form) for form in _base64_forms(content)}
        forms.add(f"(?i:{content.hex()})")
    return forms


@cache
def text(secret: str) -> str:
    """A regular expression for `secret` in every text encoding; of letters and digits it is the secret itself."""
    return "".join(map(_character, re.sub(r"\\+", r"\\", secret)))


@cache
def _character(character: str) -> str:
    """Every spelling of one character."""
    if character == "\\":
        return r"(?:\\|%(?:25)*(?i:5c)|&(?:amp;)*#(?:92|(?i:x5c));)+"  # each encoding doubles it
    if character.isascii() and character.isalnum():
        return character
    escapes = [f"u(?i:{code})" for code in _utf16(character)[:1]] if ord(character) <= 0xFFFF else []
    escapes += [f"U(?i:{ord(character):08x})"]
    if ord(character) <= 0xFF:
        escapes += [f"x(?i:{ord(character):02x})"]
    if character in SHORT_ESCAPES:
        escapes.append(SHORT_ESCAPES[character])
    elif character.isascii():
        escapes.append(re.escape(character))
    content = character.encode("utf-8", "surrogatepass")
    spellings = [
        _sequence(r"%(?:25)*(?i:{:02x})", content),
        _sequence(r"\\+x(?i:{:02x})", content),
        _sequence(r"\\+{:03o}", content),
        rf"\\+(?:{'|'.join(escapes)})",
        rf"&(?:amp;)*#(?:{ord(character)}|(?i:x0*{ord(character):x}));",
        *_special(character),
    ]
    if ord(character) > 0xFFFF:
        spellings.append("".join(rf"\\+u(?i:{code})" for code in _utf16(character)))
    if name := codepoint2name.get(ord(character)):
        spellings.append(rf"&(?:amp;)*{name};")
    return f"(?:{'|'.join([*spellings, re.escape(character)])})"


def _special(character: str) -> list[str]:
    """Spellings that only this character has; the longer ones first."""
    return {
        "'": [r"""'"'"'""", r"'\\+''", "''", "&(?:amp;)*apos;"],  # a shell's two, and YAML's
        "\n": [r"\r?\n[ \t]*", r"\\+r\\+n"],  # a block of YAML is indented
        " ": [r"\+"],  # a form (application/x-www-form-urlencoded)
        "$": [r"\$\$"],  # a compose file
    }.get(character, [])


def _sequence(form: str, content: bytes) -> str:
    return "".join(form.format(byte) for byte in content)


def _utf16(character: str) -> list[str]:
    units = character.encode("utf-16-be", "surrogatepass")
    return [units[start : start + 2].hex() for start in range(0, len(units), 2)]


def _contents(secret: str) -> set[bytes]:
    """The bytes that may be encoded: of the secret, and of texts that hold it."""
    in_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    of_go = "".join(HTML_OF_GO.get(character, character) for character in in_json)
    texts = {secret, in_json, json.dumps(secret)[1:-1], of_go, quote(secret, safe="")}
    contents = {form.encode("utf-8", "surrogatepass") for form in texts}
    with suppress(UnicodeEncodeError):
        contents.add(secret.encode("latin-1"))  # Basic authentication of some clients
    return contents


def _base64_forms(content: bytes) -> set[str]:
    """`content` in base64: by itself, with and without padding, and the part that is its own inside of more."""
    encoded = base64.b64encode(content).decode()
    forms = {encoded, encoded.rstrip("=")}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        first, rest = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        forms.add(encoded[first:rest])
    return {form for form in forms if len(form) >= SHORTEST_BASE64}


def _base64(encoded: str) -> str:
    """A pattern for base64 in both alphabets, which may be in a JSON text or a URL itself."""
    alphabets = {"+": f"(?:{_character('+')}|-)", "/": f"(?:{_character('/')}|_)", "=": _character("=")}
    return "".join(alphabets.get(character, character) for character in encoded)


def lines(secret: str, shortest: int) -> list[str]:
    """The lines of a secret of several, such as a private key, that have at least `shortest` characters."""
    stripped = [line.strip() for line in secret.splitlines()]
    return [line for line in stripped if len(line) >= shortest] if len(stripped) > 1 else []
