"""Downloads in the background what the next steps need, while the processor compiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from toolchain import gobuild
from toolchain.command import end_running, run_logged
from toolchain.gobuild import GoRecipe
from toolchain.machine import Machine
from toolchain.problem import Problem

Job = Callable[[], object]

END_SECONDS = 0.1
"""How often a job that is to end is told to: what it runs may just be starting."""


@contextmanager
def in_background(jobs: Iterable[Job]) -> Iterator[list[Future[object]]]:
    """Run `jobs` in the background during the block, one after the other; pending jobs are cancelled when it ends.

    The block gets their futures; the exception of a job is raised where its result is read. A job whose result nobody
    reads may fail: the step that needs it tries again, and reports the error.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetch")
    futures = [pool.submit(job) for job in jobs]
    try:
        yield futures
    except BaseException:  # Ctrl-C too: nobody wants to wait for a download then
        pool.shutdown(wait=False, cancel_futures=True)
        while wait(futures, END_SECONDS).not_done:
            end_running()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def modules(recipe: GoRecipe, machine: Machine) -> Job:
    """A job that downloads the Go modules of a recipe into the module cache, unless the recipe is already built."""

    def download() -> None:
        go = machine.go
        if gobuild.artefact(recipe, go, machine.layout).exists():
            return
        log = machine.layout.logs / f"modules-{recipe.module}.log"
        settings = {**machine.environment, **recipe.settings}
        try:
            run_logged([go.program, "mod", "download"], log, cwd=recipe.folder, environment=settings)
        except Problem:
            return  # the build downloads them itself, and reports what is wrong

    return download
