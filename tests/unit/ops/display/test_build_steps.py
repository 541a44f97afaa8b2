"""The notable steps of a build, from BuildKit's progress."""

from __future__ import annotations

from ops.display.build_steps import BuildSteps


def test_only_steps_that_took_longer_than_a_second() -> None:
    progress = "#1 [a] RUN x\n#1 DONE 1.0s\n\n#2 [b] RUN y\n#2 DONE 1.1s\n#3 [c] COPY z\n#3 CACHED\n"
    assert BuildSteps().lines(progress) == ["    [b] RUN y (1.1s)"]


def test_a_line_of_the_command_is_no_end_and_no_name() -> None:
    steps = BuildSteps()
    progress = ["#4 [a] RUN x", "#4 0.1 DONE 9.0s", "#4 transferring context: 9MB 2.0s done", "#4 ...", "#4 [a] RUN x"]
    assert [line for text in progress for line in steps.lines(text)] == []
    assert steps.lines("#4 DONE 61.5s") == ["    [a] RUN x (1m02s)"]


def test_numbers_begin_anew_with_each_build() -> None:
    steps = BuildSteps()
    steps.lines('#0 building with "b" instance\n#1 [a] RUN x\n#1 DONE 0.1s')
    assert steps.lines('#0 building with "b" instance\n#1 [b] RUN y\n#1 DONE 2.0s') == ["    [b] RUN y (2.0s)"]


def test_a_step_is_shown_once_though_its_time_is_told_twice() -> None:
    steps = BuildSteps()
    assert steps.lines("#1 [a] RUN x\n#1 DONE 0.5s\n#1 DONE 1.5s\n#1 DONE 1.7s") == ["    [a] RUN x (1.5s)"]


def test_a_long_command_is_cut() -> None:
    [line] = BuildSteps().lines(f"#1 [a] RUN {'x' * 200}\n#1 DONE 2.0s")
    assert line == f"    [a] RUN {'x' * 91}… (2.0s)"


def test_an_empty_line_says_nothing() -> None:
    assert BuildSteps().lines("") == BuildSteps().lines("\n") == BuildSteps().lines("no step at all") == []
