"""Hand submissions to an existing Dask cluster (optional: needs dask and distributed)."""

import asyncio
import itertools
from collections.abc import Iterator

from labtools.grading.records import CannotGrade, Job, Result

_NO_DASK = "--scheduler needs Dask: pip install -e '.[cluster]' -c constraints.txt"
#: Seconds within which a scheduler answers.
ANSWER_LIMIT = 10
#: How often a submission is handed out again after all workers that had it died.
MOST_TRIES = 3


class ClusterError(CannotGrade):
    """The cluster cannot be reached, or cannot do the work."""


def reach(scheduler: str) -> None:
    """Find out whether a scheduler answers, before anything is prepared for it.

    A client that finds nobody cannot be closed: it waits as long again, and then complains.

    Raises
    ------
    ClusterError
        If Dask is not installed, or nothing answers at the address.
    """
    try:
        from distributed.comm import connect
        from distributed.security import Security
    except ImportError as error:
        raise ClusterError(_NO_DASK) from error

    async def knock() -> None:
        how = Security().get_connection_args("client")
        comm = await connect(scheduler, timeout=ANSWER_LIMIT / 2, **how)
        await comm.close()

    async def knock_for_a_time() -> None:
        # `connect` has no limit for the words that are exchanged first.
        await asyncio.wait_for(knock(), ANSWER_LIMIT)

    try:
        asyncio.run(knock_for_a_time())
    except (OSError, TimeoutError, ValueError) as error:
        raise _nobody(scheduler, error) from error


def _nobody(scheduler: str, error: Exception) -> ClusterError:
    why = str(error) or "what is there does not speak to it"
    return ClusterError(
        f"no Dask scheduler answers at {scheduler}: {why}. --scheduler takes the address that "
        "`dask scheduler` prints when it starts, tcp://HOST:PORT"
    )


def grade_on_cluster(jobs: Iterator[Job], scheduler: str) -> Iterator[Result]:
    """Grade `jobs` on the cluster at `scheduler`; results come in the order they are done.

    A worker that dies loses nothing: the scheduler gives its submissions to another.

    Raises
    ------
    ClusterError
        If Dask is not installed, nothing answers at the address, or the workers lack this project.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise ClusterError(_NO_DASK) from error
    from labtools.grading.running.unit import grade_unit, lost

    try:
        client = Client(scheduler, timeout=ANSWER_LIMIT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise _nobody(scheduler, error) from error
    with client:
        tries: dict[str, int] = {}
        waiting: dict = {}
        queue = as_completed(loop=client.loop)

        def hand_out(job: Job) -> None:
            future = client.submit(grade_unit, job, pure=False, retries=0)
            waiting[future] = job
            queue.add(future)

        for job in itertools.islice(jobs, _window(client)):
            hand_out(job)
        while waiting:
            future = next(queue)
            job = waiting.pop(future)
            student = job.submission.student
            try:
                result = future.result()
            except KilledWorker:
                tries[student] = tries.get(student, 0) + 1
                if tries[student] < MOST_TRIES:
                    hand_out(job)
                    continue
                result = lost(job, "every worker that had it ended")
            except (ImportError, AttributeError) as error:
                raise ClusterError(
                    f"the workers cannot load this project ({error}); install it there as here"
                ) from error
            yield result
            for job in itertools.islice(jobs, max(1, _window(client) - len(waiting))):
                hand_out(job)


def _window(client) -> int:
    """Jobs that are out at a time: enough to keep every worker busy, few enough to hold."""
    return 3 * max(1, sum(client.nthreads().values()))
