"""`make up SOURCE=...`: what may stand there, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.update.source_argument import BadSource, overrides
from tests.support.configuration import load
from tests.support.repositories import git

pytestmark = pytest.mark.usefixtures("here")

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_nothing_changes_nothing() -> None:
    assert overrides("", live=False) == {}


def test_development_mode_alone() -> None:
    assert overrides("", live=True) == {"liveReload": True}


@pytest.mark.parametrize("live", [False, True])
def test_a_folder_is_built_as_it_is_whatever_the_stack_pins(repository: Path, live: bool) -> None:
    for argument in ("../repository", str(repository)):
        source = overrides(argument, live)["source"]
        assert Path(source["location"]).is_absolute(), "the program may run in another folder"
        assert Path(source["location"]).samefile(repository)
        assert source["commit"] is None
        assert overrides(argument, live).get("liveReload", False) is live


@pytest.mark.parametrize("source", [f"https://git.example.com/a.git#{COMMIT}", f"git@git.example.com:a.git#{COMMIT}"])
def test_a_url_with_a_commit(source: str) -> None:
    location, commit = source.split("#")
    assert overrides(source, live=False) == {"source": {"location": location, "commit": commit}}


@pytest.mark.parametrize("reference", ["", "#main", "#0123456", "#" + COMMIT.upper()])
def test_a_url_without_a_full_commit_suggests_one(repository: Path, reference: str) -> None:
    head = git("rev-parse", "HEAD", at=repository)
    with pytest.raises(BadSource) as caught:
        overrides(f"file://{repository}{reference}", live=False)
    suggestion = str(caught.value).rsplit("SOURCE=", 1)[1]
    assert suggestion == f"file://{repository}#{head}"
    assert overrides(suggestion, live=False)["source"]["commit"] == head


def test_a_url_that_does_not_answer_still_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"needs a full commit.*#<commit>$"):
        overrides(f"file://{tmp_path}/nowhere", live=False)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(BadSource, match=r"SOURCE=\./nowhere: there is no such folder"):
        overrides("./nowhere", live=False)


def test_a_commit_of_a_folder_is_never_dropped_without_a_word(repository: Path) -> None:
    head = git("rev-parse", "HEAD", at=repository)
    try:
        given = overrides(f"{repository}#{head}", live=False)
    except BadSource:
        return
    assert given["source"]["commit"] == head


def test_what_it_gives_the_program_accepts(repository: Path) -> None:
    loaded = load(
        {"source": {"location": "https://x/y.git", "commit": COMMIT}}, overrides=overrides(str(repository), True)
    )
    assert loaded.settings.source.location == str(repository)
    assert loaded.settings.source.commit is None
    assert loaded.settings.live_reload is True
