"""Moves a stack's state: `pulumi stack migrate` copies it, the copy is verified, and then the stack file is replaced.

Until then all work happens in a separate folder, so that an interruption leaves the stack where it was; running the
same command again starts over.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ops.audit_log import facts
from ops.audit_log.location import redact_url
from ops.audit_log.log import AuditLog, open_log
from ops.audit_log.record import Moved
from ops.stack.stack_error import StackError
from ops.state.migration_check import require_movable
from ops.state.state_backend import StateBackend, find_secrets, identities, resources
from toolchain.passphrase import PASSPHRASE_VARIABLES

BEGUN = "begun"
"""File with the URL of the backend in which a copy was started: that copy may be removed."""


@dataclass(frozen=True)
class Migration:
    """The move of one stack's state from one backend to another.

    Attributes:
        stack: name of the stack.
        project: name of the project.
        source: backend with the state.
        target: backend to move it to; its folder receives the new stack file.
        provider: secrets provider in the target, as for `pulumi stack init`.
        passphrase: file with the new passphrase; None if it does not change.
        rotates: whether the passphrase is changed after the copy, because the secrets already have one.
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
        """The target, with the environment to read it after the move."""
        if self.passphrase is None:
            return self.target
        inherited = {name: value for name, value in self.target.environment.items() if name not in PASSPHRASE_VARIABLES}
        environment = {**inherited, "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase)}
        return replace(self.target, environment=environment)

    @property
    def file(self) -> Path:
        """The stack file."""
        return Path(f"Pulumi.{self.stack}.yaml")

    def run(self) -> str:
        """Move the state.

        Returns:
            What was done, and the next steps.

        Raises:
            StackError: the state cannot be moved, or the copy differs; the state stays where it was.
        """
        if self.source.url == self.target.url:
            raise StackError(f"the state of stack {self.stack} is in {redact_url(self.source.url)} already")
        folder = Path(self.target.url.removeprefix("file://").partition("?")[0])
        if self.target.url.startswith("file://") and not folder.is_dir():
            raise StackError(f"there is no folder {folder}: mkdir -m 700 -p '{folder}'")
        source_log, target_log = (open_log(self.stack, backend.url) for backend in (self.source, self.target))
        if self._was_moved(source_log):
            summary = "was moved before"
        else:
            require_movable(self.project, self.stack, self.source, self.target)
            self._prepare_target()
            source_state = self.source.state(self.stack, clear=True)
            try:
                self._copy()
                summary = self._verify_copy(source_state)
            except StackError as error:
                try:
                    self._remove_copy()
                except StackError as removal_error:
                    raise StackError(f"{error}\n{removal_error}") from error
                raise
            self._record(source_log, len(resources(source_state)))
        self._cut_over(source_log, target_log)
        return f"The state of stack {self.stack} {summary}.\n{self._next_steps()}"

    def _was_moved(self, log: AuditLog) -> bool:
        moves = [entry for entry in log.recent().entries if isinstance(entry, Moved)]
        return bool(moves) and (moves[-1].state, moves[-1].target) == (
            redact_url(self.source.url),
            redact_url(self.target.url),
        )

    def _prepare_target(self) -> None:
        """Remove an earlier incomplete copy, and create the folder with the stack file to work on."""
        marker = self.target.folder / BEGUN
        is_own = marker.is_file() and marker.read_text() == self.target.url
        self.target.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2("Pulumi.yaml", self.target.folder)
        shutil.copy2(self.file, self.target.folder)
        if self.target.has_stack(self.stack):
            state = self.target.state(self.stack)
            if resources(state) and not (is_own and identities(state) == identities(self.source.state(self.stack))):
                raise StackError(
                    f"{redact_url(self.target.url)} already has a stack {self.stack} with {len(resources(state))} "
                    f"resources, which is not overwritten. To remove it: {self._removal_command(self.target)}"
                )
            self._remove_copy()
        marker.write_text(self.target.url)

    def _copy(self) -> None:
        """Copy with the CLI's own command, which never writes a decrypted secret."""
        # A state without a passphrase is encrypted with the new one during the copy.
        target = self.target if self.rotates else self.moved
        options = ("--secrets-provider", self.provider, "--yes")
        target.run_checked("stack", "migrate", self.source.url, self.stack, *options)
        if self.rotates and self.passphrase:
            self.target.run_checked(
                *("stack", "change-secrets-provider", "passphrase", "--stack", self.stack),
                stdin=self.passphrase.read_text().strip(),
            )

    def _verify_copy(self, source_state: dict[str, Any]) -> str:
        """Verify that the copy equals the source.

        Args:
            source_state: the decrypted state before the copy.

        Returns:
            What was verified.

        Raises:
            StackError: something differs.
        """
        copy = self.moved.state(self.stack, clear=True)
        encrypted = list(find_secrets(resources(self.moved.state(self.stack))))
        different = {
            "the resources": resources(copy) != resources(source_state),
            "the settings": self.moved.config(self.stack) != self.source.config(self.stack),
            "the secrets, which are not all encrypted": any("ciphertext" not in secret for secret in encrypted),
            "the old state, which has changed since": self.source.state(self.stack, clear=True) != source_state,
        }
        if any(different.values()):
            names = ", ".join(name for name, differs in different.items() if differs)
            raise StackError(f"the copy in {redact_url(self.target.url)} differs: {names}; it was removed again")
        return (
            f"was moved to {redact_url(self.target.url)}: {len(resources(copy))} resources and "
            f"{len(encrypted)} encrypted values, equal in both backends; {self._preview()}"
        )

    def _preview(self) -> str:
        """The result of a preview with the new backend and the new stack file."""
        stack_file = str((self.target.folder / self.file).absolute())
        backend = replace(self.moved, folder=Path())
        result = backend.run("preview", "--expect-no-changes", "--stack", self.stack, "--config-file", stack_file)
        if result.returncode == 0:
            return "a preview there shows no change"
        return f"a preview there shows changes: check them with `make preview STACK={self.stack}` before you deploy"

    def _record(self, log: AuditLog, count: int) -> None:
        """Record the move in the old log, which makes `make up` reject the old state.

        Args:
            log: the audit log of the old backend.
            count: number of resources in the state.
        """
        log.append(
            Moved(
                stack=self.stack,
                state=redact_url(self.source.url),
                target=redact_url(self.target.url),
                who=facts.current_actor(),
                resources=count,
            )
        )

    def _cut_over(self, source_log: AuditLog, target_log: AuditLog) -> None:
        """Copy the audit log to the new backend, and replace the stack file atomically; a backup of it is kept.

        Args:
            source_log: the audit log of the old backend.
            target_log: the audit log of the new backend.
        """
        new_file = self.target.folder / self.file
        if new_file.is_file():
            if target_log != source_log:
                source_log.copy_to(target_log)
            shutil.copy2(self.file, self._backup)
            new_file.replace(self.file)
            shutil.rmtree(self.target.folder)

    @property
    def _backup(self) -> Path:
        return self.target.folder.with_name(f"{self.file}.before")

    def _remove_copy(self) -> None:
        """Remove an incomplete copy; `pulumi stack migrate` does so itself when it fails."""
        if not self.target.has_stack(self.stack):
            return
        result = self.target.run("stack", "rm", self.stack, "--yes", "--force", "--preserve-config")
        if result.returncode != 0:
            command = self._removal_command(self.target)
            raise StackError(f"an incomplete copy could not be removed: {command}: {result.stderr.strip()}")

    def _removal_command(self, backend: StateBackend) -> str:
        return f"PULUMI_BACKEND_URL='{backend.url}' pulumi stack rm {self.stack} --yes --force --preserve-config"

    def _next_steps(self) -> str:
        lines = [
            "Next:",
            f"  export PULUMI_BACKEND_URL='{self.target.url}'    # or backend.url in Pulumi.yaml, for every stack",
        ]
        if self.passphrase:
            lines.append(f"  export PULUMI_CONFIG_PASSPHRASE_FILE='{self.passphrase}'")
        lines += [
            f"  git diff {self.file}    # re-encrypted for the new backend: commit it (backup: {self._backup})",
            "The old state is unchanged, and `make up` rejects it. To remove it once the new one works:",
            f"  {self._removal_command(self.source)}",
        ]
        return "\n".join(lines)
