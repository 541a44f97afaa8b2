"""One run of the pipeline: every step in order, each one's output and result kept, nothing after a failure."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ops.pipeline.steps import Step
from ops.stack.stack_error import StackError

Status = Literal["passed", "failed", "not run"]
TAIL_LINES = 40


@dataclass(frozen=True)
class Done:
    """The result of a step.

    Attributes:
        command: what ran, or would have.
        seconds: how long it took.
        code: its exit code, where it ran.
        note: what there is to say of it besides.
    """

    step: Step
    status: Status
    command: tuple[str, ...]
    seconds: float = 0
    code: int | None = None
    note: str = ""


@dataclass
class Run:
    """A run that goes on.

    Attributes:
        folder: of the run; a step's evidence is in a folder below it.
        values: what the words in braces of a command stand for, as far as it is known.
        more: further arguments, by the step's name.
        assignments: the environment variables that the commands need, as assignments for a shell.
        environment: the environment of every command.
        after: what else has to be done for a step to be over, by its name; a note of it, or nothing.
        instead: what is done where a step has no command; a note of it.
    """

    folder: Path
    values: dict[str, str]
    more: Mapping[str, Sequence[str]]
    assignments: str
    environment: Mapping[str, str]
    after: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    instead: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)

    @property
    def checkout(self) -> Path:
        """Where the commands run."""
        return self.folder / "checkout"

    @property
    def failed(self) -> Done | None:
        """The failed step, if any."""
        return next((done for done in self.done if done.status == "failed"), None)

    def all_of(self, steps: Sequence[Step]) -> None:
        """Run `steps`, up to the first that fails."""
        for number, step in enumerate(steps, 1):
            if self.failed:
                self.done.append(Done(step, "not run", self.command(step)))
                continue
            print(f"{step.name:<18}{step.purpose} …", flush=True)
            done = self._run_step(number, step)
            self.done.append(done)
            print(f"{'':<18}{done.status}, {done.seconds:.1f} s{f'; {done.note}' if done.note else ''}", flush=True)

    def evidence(self, number: int, step: Step) -> Path:
        """The folder of a step's evidence."""
        return self.folder / "evidence" / f"{number:02}-{step.name}"

    def command(self, step: Step, evidence: Path | None = None) -> tuple[str, ...]:
        """The command of a step; placeholders without a value yet stay in braces."""
        values = {**self.values, **({"evidence": str(evidence)} if evidence else {})}
        filled = (values.get(word[1:-1], word) if word.startswith("{") else word for word in step.command)
        return (*filled, *self.more.get(step.name, ()))

    def repeat(self, command: Sequence[str]) -> str:
        """A command as it can be pasted into a shell in which the tools are."""
        return f"cd {shlex.quote(str(self.checkout))} && {self.assignments} {shlex.join(command)}"

    def _run_step(self, number: int, step: Step) -> Done:
        evidence = self.evidence(number, step)
        evidence.mkdir(parents=True)
        command = self.command(step, evidence)
        log = evidence / "log.txt"
        started = time.monotonic()

        def done(status: Status, code: int | None, note: str) -> Done:
            return Done(step, status, command, time.monotonic() - started, code, note)

        try:
            if command:
                code = self._process(command, log)
                if code != 0:
                    print(_tail(log), file=sys.stderr)
                    return done("failed", code, f"exit code {code}, {log}")
            note = self.after[step.name]() if step.name in self.after else ""
            return done("passed", 0, self.instead[step.name]() if not command else note)
        except StackError as error:
            log.open("a").write(f"{error}\n")
            return done("failed", 1, str(error))
        except KeyboardInterrupt:
            return done("failed", 130, "interrupted")

    def _process(self, command: Sequence[str], log: Path) -> int:
        where = self.checkout if self.checkout.is_dir() else None
        with log.open("w") as file:
            file.write(f"$ {shlex.join(command)}\n")
            file.flush()
            started = subprocess.Popen(
                command,
                cwd=where,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                return started.wait()
            except KeyboardInterrupt:
                started.wait()  # Ctrl-C has reached it too, and an update must end what it is at
                raise


def _tail(log: Path) -> str:
    return "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
