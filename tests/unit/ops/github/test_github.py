"""What workflows write on GitHub: one comment a stack, one issue a subject, and nothing for a fork but the summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ops import __main__ as commands

TOKEN = "t0ken-of-the-workflow"
MARKER = "<!-- mimir: preview of dev -->"
REPOSITORY = "team/mimir"


class Service(ThreadingHTTPServer):
    """GitHub with one repository: its lists by path, and what it was told to write."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lists: dict[str, list[Any]] = {}
        self.written: list[tuple[str, str, Any]] = []
        self.status = 200


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        page, size = int(query["page"]), int(query["per_page"])
        every = self.server.lists.get(url.path.removeprefix(f"/repos/{REPOSITORY}/"), [])
        self._answer(every[(page - 1) * size : page * size])

    def _write(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.written.append((self.command, self.path.removeprefix(f"/repos/{REPOSITORY}/"), body))
        self._answer({})

    do_POST = do_PATCH = _write

    def _answer(self, document: Any) -> None:
        allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
        self.send_response_only(self.server.status if allowed else 401)
        content = json.dumps(document).encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """GitHub, as a step of a workflow is told of it."""
    with Service() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
        pull_request(tmp_path, REPOSITORY)
        (tmp_path / "dev.md").write_text("## Stack dev\n\nNothing changes.\n")
        yield server
        server.shutdown()


def pull_request(folder: Path, head: str | None) -> None:
    """The event of a pull request from a repository; None is one that was deleted."""
    there = {"full_name": REPOSITORY}
    event = {"pull_request": {"number": 7, "head": {"repo": head and {"full_name": head}}, "base": {"repo": there}}}
    (folder / "event.json").write_text(json.dumps(event))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """`ops` with these arguments."""
    monkeypatch.setattr(sys, "argv", ["ops", *arguments])
    return commands.main()


def comment(monkeypatch: pytest.MonkeyPatch, folder: Path, *more: str) -> int:
    """`ops comment` with the report of stack dev."""
    return run(monkeypatch, "comment", "--about", "preview of dev", "--report", str(folder / "dev.md"), *more)


def test_the_first_report_is_a_comment(github: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert comment(monkeypatch, tmp_path) == 0
    [(method, path, body)] = github.written
    assert (method, path) == ("POST", "issues/7/comments")
    assert body["body"].startswith(MARKER) and "Nothing changes." in body["body"]
    assert "Nothing changes." in (tmp_path / "summary.md").read_text()


def test_a_later_one_takes_its_place_wherever_it_stands(
    github: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bot, person = {"login": "github-actions[bot]"}, {"login": "mallory"}
    others = [{"id": number, "body": "hello", "user": person} for number in range(150)]
    forged = {"id": 998, "body": f"{MARKER}\nmine", "user": person}
    another = {"id": 999, "body": "<!-- mimir: preview of prod -->\n", "user": bot}
    github.lists["issues/7/comments"] = [*others, forged, another, {"id": 1000, "body": f"{MARKER}\nold", "user": bot}]
    assert comment(monkeypatch, tmp_path) == 0
    assert [(method, path) for method, path, _ in github.written] == [("PATCH", "issues/comments/1000")]


@pytest.mark.parametrize("head", ["mallory/mimir", None])
def test_a_fork_gets_the_summary_and_needs_no_token(
    github: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, head: str | None
) -> None:
    pull_request(tmp_path, head)
    monkeypatch.delenv("GITHUB_TOKEN")
    assert comment(monkeypatch, tmp_path, "--note", "Without the state.") == 0
    assert github.written == []
    assert (tmp_path / "summary.md").read_text().startswith("> Without the state.\n\n## Stack dev")


def test_a_preview_that_failed_is_said_and_not_silently_the_last_one(
    github: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "dev.md").unlink()
    assert comment(monkeypatch, tmp_path) == 0
    assert "No report: the step that writes dev.md failed" in github.written[0][2]["body"]


def test_a_refusal_is_an_error_without_the_token(
    github: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.status = 403
    assert comment(monkeypatch, tmp_path) == 1
    output = capsys.readouterr().err
    assert "status 403" in output and TOKEN not in output


def test_outside_of_a_workflow(
    github: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    assert comment(monkeypatch, tmp_path) == 1
    assert "GITHUB_TOKEN must be set" in capsys.readouterr().err


TITLE = "Drift of stack prod"


def issue(**changed: Any) -> dict[str, Any]:
    """An issue of this workflow's own."""
    return {"number": 5, "title": TITLE, "user": {"login": "github-actions[bot]"}, **changed}


@pytest.mark.parametrize(
    ("there", "nothing", "written"),
    [
        ([], False, [("POST", "issues", {"title": TITLE})]),
        ([issue()], False, [("PATCH", "issues/5", {})]),
        ([issue()], True, [("PATCH", "issues/5", {"state": "closed"})]),
        ([], True, []),
        ([issue(pull_request={})], True, []),
        ([issue(title="Drift of stack dev")], False, [("POST", "issues", {"title": TITLE})]),
        # Of an outsider, or of somebody whose account is gone: neither edited nor closed.
        ([issue(user={"login": "mallory"})], False, [("POST", "issues", {"title": TITLE})]),
        ([issue(user={"login": "mallory"})], True, []),
        ([issue(user=None)], False, [("POST", "issues", {"title": TITLE})]),
        ([issue(number=4, user={"login": "mallory"}), issue()], False, [("PATCH", "issues/5", {})]),
    ],
)
def test_one_issue_follows_the_drift(
    github: Service,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    there: list[Any],
    nothing: bool,
    written: list[tuple[str, str, dict[str, str]]],
) -> None:
    github.lists["issues"] = there
    arguments = ["issue", "--title", TITLE, "--report", str(tmp_path / "dev.md"), *(["--nothing"] if nothing else [])]
    assert run(monkeypatch, *arguments) == 0
    assert [one[:2] for one in github.written] == [one[:2] for one in written]
    for (_, _, body), (_, _, least) in zip(github.written, written, strict=True):
        assert least.items() <= body.items()
        assert nothing or "Nothing changes." in body["body"]
