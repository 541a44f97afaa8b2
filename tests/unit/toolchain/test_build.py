"""Builds: what a cached result depends on, and what an interrupt leaves."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from toolchain import gobuild, golang
from toolchain.gobuild import Generated, GoRecipe, Patched
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.problem import Problem
from toolchain.report import Source

LIMIT_SECONDS = 5.0


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoRecipe:
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    folder = tmp_path / "modules" / "demo"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module demo\n")
    (folder / "main.go").write_text("package main\n")
    return GoRecipe(module="demo", package=".", program="demo", version="1.2.3", version_variable="main.version")


def go(tmp_path: Path, build: str) -> Go:
    """A Go toolchain whose `go build` runs the shell text `build`; `$output` is the file that it must write."""
    program = tmp_path / "fake-go"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = env ]; then echo "$2"; exit; fi\n'
        'while [ "$1" != -o ]; do [ "$#" = 0 ] && exit 3; shift; done\n'
        f'output="$2"\n{build}\n'
    )
    program.chmod(0o755)
    return Go(str(program), "1.26.8", Source.INSTALLED)


def test_the_key_changes_with_everything_that_shapes_the_result(recipe: GoRecipe) -> None:
    def key(wanted: GoRecipe = recipe, version: str = "1.26.8", platform: str = "linux/amd64") -> str:
        return gobuild.key(wanted, version, platform)

    before = key()
    assert key() == before
    assert key(version="1.26.9") != before
    assert key(platform="linux/arm64") != before
    assert key(GoRecipe("demo", ".", "demo", "1.2.4", "main.version")) != before
    assert key(GoRecipe("demo", ".", "demo", "1.2.3", "main.release")) != before

    (recipe.folder / "README.md").write_text("words")
    assert key() == before, "documentation must not cost a build"
    (recipe.folder / "sub").mkdir()
    (recipe.folder / "sub" / "more.go").write_text("package sub\n")
    assert key() != before


def test_a_built_program_is_reused(tmp_path: Path, layout: Layout, recipe: GoRecipe) -> None:
    once = go(tmp_path, f'echo again >> {tmp_path}/builds; echo program > "$output"; chmod +x "$output"')

    built = gobuild.build(recipe, once, layout, os.environ)
    again = gobuild.build(recipe, once, layout, os.environ)

    assert built == again
    assert [program.name for program in built.programs()] == ["demo"]
    assert (tmp_path / "builds").read_text().splitlines() == ["again"]


def test_the_source_folder_is_never_written_to(tmp_path: Path, layout: Layout, recipe: GoRecipe) -> None:
    before = sorted(recipe.folder.rglob("*"))
    gobuild.build(recipe, go(tmp_path, 'touch here "$output"'), layout, os.environ)
    assert sorted(recipe.folder.rglob("*")) == before


def test_a_failed_build_shows_the_end_of_its_log_and_leaves_nothing(
    tmp_path: Path, layout: Layout, recipe: GoRecipe
) -> None:
    broken = go(tmp_path, 'echo partial > "$output"; seq 100; echo main.go:7: undefined: thing; exit 1')

    with pytest.raises(Problem) as failure:
        gobuild.build(recipe, broken, layout, os.environ)

    message = str(failure.value)
    assert "undefined: thing" in message
    assert "| 73" in message
    assert "| 20\n" not in message, "only the last lines belong in the message"
    assert str(layout.logs) in message
    assert list(layout.artefacts.iterdir()) == []


def test_an_interrupt_ends_the_build_and_leaves_nothing(
    tmp_path: Path, layout: Layout, recipe: GoRecipe, request: pytest.FixtureRequest
) -> None:
    started = tmp_path / "started"
    slow = go(tmp_path, f'echo partial > "$output"; echo $$ > {started}.new; mv {started}.new {started}; sleep 60')

    # A run in the background ignores SIGINT from its start; this one is to be interrupted.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    threading.Thread(target=interrupt_when, args=(started,), daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        gobuild.build(recipe, slow, layout, os.environ)

    assert list(layout.artefacts.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)

    assert gobuild.build(recipe, go(tmp_path, 'touch "$output"'), layout, os.environ).exists()


def interrupt_when(file: Path) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_what_must_be_generated_is_generated_first(tmp_path: Path, layout: Layout, recipe: GoRecipe) -> None:
    program = tmp_path / "fake-go"
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        "env) echo x;;\n"
        'run) eval "file=\\${$#}"; echo schema > "$file";;\n'
        'build) while [ "$1" != -o ]; do shift; done; cp schema.json "$2";;\n'
        "esac\n"
    )
    program.chmod(0o755)
    generating = GoRecipe("demo", ".", "demo", "1.2.3", generated=Generated("./cmd/schema", "schema.json"))

    built = gobuild.build(generating, Go(str(program), "1.26.8", Source.INSTALLED), layout, os.environ)

    assert (built.folder / "demo").read_text() == "schema\n"


def test_a_patched_module_is_a_copy_with_a_file_of_ours(tmp_path: Path, layout: Layout, recipe: GoRecipe) -> None:
    module = tmp_path / "module"
    (module / "kinds").mkdir(parents=True)
    (module / "kinds/kinds.go").write_text("theirs")
    (module / "other.go").write_text("other")
    (module / "other.go").chmod(0o444)  # as in Go's module cache
    (recipe.folder / "ours").mkdir()
    (recipe.folder / "ours/kinds.go").write_text("ours")
    program = tmp_path / "fake-go"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *"mod download"*) echo \'{{"Dir": "{module}"}}\';; "mod edit"*) echo "$3" > edited;; esac\n'
        'case "$1" in build) while [ "$1" != -o ]; do shift; done; cat edited patched/kinds/kinds.go > "$2";; esac\n'
    )
    program.chmod(0o755)
    patched = Patched("example.com/sdk/v4", "kinds/kinds.go", "ours/kinds.go")
    patching = GoRecipe("demo", ".", "demo", "1.2.3", patched=patched)
    fake = Go(str(program), "1.26.8", Source.INSTALLED)

    built = gobuild.build(patching, fake, layout, os.environ)

    assert (built.folder / "demo").read_text() == "-replace=example.com/sdk/v4=./patched\nours"
    assert (module / "kinds/kinds.go").read_text() == "theirs"
    assert gobuild.key(patching, "1.26", "linux/amd64") != gobuild.key(recipe, "1.26", "linux/amd64")


class TestRelease:
    """Go of exactly the release that the base image's tag promises."""

    @staticmethod
    def go(folder: Path, answer: str) -> Go:
        program = folder / "go"
        program.write_text(f'#!/bin/sh\n[ "$GOTOOLCHAIN" = go1.26.11 ] && {answer}\n')
        program.chmod(0o755)
        return Go(str(program), "1.26.8", Source.INSTALLED)

    def test_another_release_is_got_through_the_one_there_is(self, tmp_path: Path) -> None:
        found = golang.at_release(self.go(tmp_path, "echo /cache/go1.26.11"), "1.26.11", os.environ)
        assert (found.program, found.version) == ("/cache/go1.26.11/bin/go", "1.26.11")

    def test_where_it_cannot_be_had_the_one_there_is_says_its_own_version(self, tmp_path: Path) -> None:
        go = self.go(tmp_path, "exit 1")
        assert golang.at_release(go, "1.26.11", os.environ) == go
