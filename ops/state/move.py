"""The move itself: copied by `pulumi stack migrate`, proved to be the same, and only then the stack file changes.

Until then everything happens in a folder of its own, so that whatever interrupts leaves the stack where it was; the
same command then begins anew.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.problems import Problem, listed
from ops.audit_log import facts
from ops.audit_log.location import shown
from ops.audit_log.log import AuditLog, of_stack
from ops.audit_log.record import Moved
from ops.stack.cli import StackError
from ops.state.state_backend import StateBackend, identities, resources, secrets
from toolchain.passphrase import PASSPHRASE_VARIABLES

BEGUN = "begun"
"""The file that says for which target a copy was begun: that one may be removed again."""


@dataclass(frozen=True)
class Move:
    """One stack, from one place to another.

    Attributes:
        stack: of this project.
        project: its name.
        source: where the state is.
        target: where it shall be; its folder is where the new stack file comes to be.
        provider: of secrets there, as `pulumi stack init` takes it.
        passphrase: file with the passphrase there, where it is another one.
        rotates: whether that passphrase is set after the copy, because the secrets have one already.
    """

    stack: str
    project: str
    source: StateBackend
    target: StateBackend
    provider: str
    passphrase: Path | None
    rotates: bool

    @property
    def moved(self) -> StateBackend:
        """The target, as it is read when the move is done."""
        if self.passphrase is None:
            return self.target
        kept = {name: value for name, value in self.target.environment.items() if name not in PASSPHRASE_VARIABLES}
        return replace(self.target, environment={**kept, "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase)})

    @property
    def file(self) -> Path:
        """The stack file."""
        return Path(f"Pulumi.{self.stack}.yaml")

    def run(self) -> str:
        """Move, and return what was done and what is to be done next.

        Raises:
            StackError: when it cannot be moved, or the copy is not the same; the stack is where it was.
        """
        if self.source.url == self.target.url:
            raise StackError(f"the state of stack {self.stack} is in {shown(self.source.url)} already")
        folder = Path(self.target.url.removeprefix("file://").partition("?")[0])
        if self.target.url.startswith("file://") and not folder.is_dir():
            raise StackError(f"there is no folder {folder}: mkdir -m 700 -p '{folder}'")
        log, there = (of_stack(self.stack, place.url) for place in (self.source, self.target))
        if self._was_moved(log):
            done = "was moved before"
        else:
            self._refuse()
            self._clear()
            before = self.source.state(self.stack, clear=True)
            try:
                self._copy()
                done = self._proved(before)
            except StackError as error:
                try:
                    self._remove_copy()
                except StackError as left:
                    raise StackError(f"{error}\n{left}") from error
                raise
            self._record(log, len(resources(before)))
        self._switch(log, there)
        return f"The state of stack {self.stack} {done}.\n{self._next()}"

    def _was_moved(self, log: AuditLog) -> bool:
        moved = [entry for entry in log.recent().entries if isinstance(entry, Moved)]
        return bool(moved) and (moved[-1].state, moved[-1].target) == (shown(self.source.url), shown(self.target.url))

    def _refuse(self) -> None:
        """Raise what keeps this state from being moved."""
        problems = []
        at = f"state of stack {self.stack} in {shown(self.source.url)}"
        environment = f"PULUMI_BACKEND_URL='{self.source.url}'"
        if self.source.locks(self.project, self.stack):
            fix = f"wait for its end; if it was killed: {environment} pulumi cancel --yes {self.stack}"
            problems.append(Problem(at, "locked: an update is running", "no lock", fix))
        state = self.source.state(self.stack)
        if state.get("pending_operations"):
            fix = f"make up STACK={self.stack}, which ends what it was at"
            problems.append(Problem(at, "an update that was interrupted", "no pending operation", fix))
        if not resources(state):
            fix = f"make up STACK={self.stack}, with PULUMI_BACKEND_URL='{self.target.url}': it begins there"
            problems.append(Problem(at, "no resource", "a stack that was deployed", fix))
        if problems:
            raise StackError(f"the state cannot be moved; nothing was changed.\n\n{listed(problems)}\n")

    def _clear(self) -> None:
        """Have an empty target, and a folder with the stack file to work on."""
        begun = self.target.folder / BEGUN
        own = begun.is_file() and begun.read_text() == self.target.url
        self.target.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2("Pulumi.yaml", self.target.folder)
        shutil.copy2(self.file, self.target.folder)
        if self.target.has(self.stack):
            there = self.target.state(self.stack)
            if resources(there) and not (own and identities(there) == identities(self.source.state(self.stack))):
                raise StackError(
                    f"{shown(self.target.url)} has a stack {self.stack} already, with {len(resources(there))} "
                    f"resources, and it is not overwritten. If nobody needs it: {self._removal(self.target)}"
                )
            self._remove_copy()
        begun.write_text(self.target.url)

    def _copy(self) -> None:
        """The CLI's own command: no secret is written in the clear on the way."""
        # A state without a passphrase is encrypted with the given one at once.
        target = self.target if self.rotates else self.moved
        options = ("--secrets-provider", self.provider, "--yes")
        target.must("stack", "migrate", self.source.url, self.stack, *options)
        if self.rotates and self.passphrase:
            self.target.must(
                *("stack", "change-secrets-provider", "passphrase", "--stack", self.stack),
                stdin=self.passphrase.read_text().strip(),
            )

    def _proved(self, before: dict[str, Any]) -> str:
        """What is the same at both places.

        Raises:
            StackError: for what is not.
        """
        there = self.moved.state(self.stack, clear=True)
        encrypted = list(secrets(resources(self.moved.state(self.stack))))
        different = {
            "the resources": resources(there) != resources(before),
            "the settings": self.moved.config(self.stack) != self.source.config(self.stack),
            "the secrets, which are not all encrypted": any("ciphertext" not in one for one in encrypted),
            "the old state, which was changed meanwhile": self.source.state(self.stack, clear=True) != before,
        }
        if any(different.values()):
            named = ", ".join(name for name, differs in different.items() if differs)
            raise StackError(f"the copy in {shown(self.target.url)} was not the same: {named}; it was removed again")
        return (
            f"was moved to {shown(self.target.url)}: {len(resources(there))} resources and {len(encrypted)} encrypted "
            f"values, the same at both places; {self._previewed()}"
        )

    def _previewed(self) -> str:
        """What a preview at the new place says; it reads the new stack file, and changes nothing."""
        settings = str((self.target.folder / self.file).absolute())
        place = replace(self.moved, folder=Path())
        done = place.run("preview", "--expect-no-changes", "--stack", self.stack, "--config-file", settings)
        if done.returncode == 0:
            return "a preview there shows no change"
        return f"a preview there was not empty, as `make preview STACK={self.stack}` will show: look before you deploy"

    def _record(self, log: AuditLog, count: int) -> None:
        """The old log says where the state is, which keeps `make up` from deploying there."""
        log.append(
            Moved(
                stack=self.stack,
                state=shown(self.source.url),
                target=shown(self.target.url),
                who=facts.who(),
                resources=count,
            )
        )

    def _switch(self, log: AuditLog, there: AuditLog) -> None:
        """Let the log go on at the new place, and the stack file belong to it, in one step; the old one is kept."""
        fresh = self.target.folder / self.file
        if fresh.is_file():
            if there != log:
                log.copy_to(there)
            shutil.copy2(self.file, self._kept)
            fresh.replace(self.file)
            shutil.rmtree(self.target.folder)

    @property
    def _kept(self) -> Path:
        return self.target.folder.with_name(f"{self.file}.before")

    def _remove_copy(self) -> None:
        """Remove what was begun there; `pulumi stack migrate` does so itself when it fails."""
        if not self.target.has(self.stack):
            return
        done = self.target.run("stack", "rm", self.stack, "--yes", "--force", "--preserve-config")
        if done.returncode != 0:
            raise StackError(f"a copy that was begun is left: {self._removal(self.target)}: {done.stderr.strip()}")

    def _removal(self, place: StateBackend) -> str:
        return f"PULUMI_BACKEND_URL='{place.url}' pulumi stack rm {self.stack} --yes --force --preserve-config"

    def _next(self) -> str:
        lines = [
            "Next:",
            f"  export PULUMI_BACKEND_URL='{self.target.url}'    # or backend.url in Pulumi.yaml, for every stack",
        ]
        if self.passphrase:
            lines.append(f"  export PULUMI_CONFIG_PASSPHRASE_FILE='{self.passphrase}'")
        lines += [
            f"  git diff {self.file}    # its secrets belong to the new place: commit it (before: {self._kept})",
            "The old state is left as it was, and `make up` refuses it. When the new one has proved itself:",
            f"  {self._removal(self.source)}",
        ]
        return "\n".join(lines)
