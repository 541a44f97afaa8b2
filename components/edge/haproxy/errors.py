"""Answers that the edge makes itself: JSON, like the application's, and never a hint of what is behind."""

from __future__ import annotations

OWN = {
    400: "bad request",
    408: "the request took too long to arrive",
    413: "the body is too large",
    500: "the edge failed",
    502: "no valid answer from the application",
    503: "the application is not available",
    504: "the application did not answer in time",
}
"""What HAProxy says when it cannot go on."""


def own() -> str:
    """The lines for `defaults`."""
    return "".join(
        f"  http-error status {status} content-type application/json string "
        f'\'{{"error":"{text}"}}\'{" hdr Retry-After 1" if status == 503 else ""}\n'
        for status, text in OWN.items()
    )


def answer(status: int, text: str, condition: str, headers: str = "") -> str:
    """A rule that ends a request with an error, the request's id in it.

    Args:
        status: HTTP status.
        text: what is wrong, for the caller; no quotes.
        condition: when, in HAProxy's words.
        headers: more headers, as `hdr NAME VALUE`.
    """
    body = f'{{"error":"{text}","request_id":"%[var(txn.id)]"}}'
    return (
        f"  http-request return status {status} content-type application/json "
        f"{headers + ' ' if headers else ''}lf-string '{body}' {condition}\n"
    )
