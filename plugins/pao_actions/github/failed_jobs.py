"""Says which jobs and steps made a run fail."""

from __future__ import annotations

from pao_actions.exceptions import ActionError
from pao_actions.github.answers import document
from pao_actions.github.api import GitHub
from pao_actions.github.runs import Job, JobList, Run

_MOST = 5
_OK = 200
_FAILED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure"})
_ENDS = {
    "action_required": "needs an approval that it does not have",
    "cancelled": "was cancelled",
    "failure": "failed",
    "neutral": "ended as neutral, which is no success",
    "skipped": "was skipped: its conditions let none of its jobs run",
    "stale": "was given up by GitHub as stale",
    "startup_failure": "could not be started; look at the workflow file",
    "timed_out": "took longer than its workflow allows",
}


async def why_failed(github: GitHub, run: Run) -> str:
    """A sentence with the run's end, and its failed jobs and steps with their links."""
    end = _ENDS.get(run.conclusion or "", f"ended with '{run.conclusion}'")
    failed = [job for job in await _jobs(github, run) if job.conclusion in _FAILED]
    # Others are often cancelled because one failed.
    failed = [job for job in failed if job.conclusion != "cancelled"] or failed
    told = "; ".join(_told(job) for job in failed[:_MOST])
    more = f"; and {len(failed) - _MOST} jobs more" if len(failed) > _MOST else ""
    return f"the run {run.html_url} {end}{': ' if told else ''}{told}{more}"


def _told(job: Job) -> str:
    steps = ", ".join(f"'{step.name}'" for step in job.steps if step.conclusion in _FAILED)
    where = f" in {steps}" if steps else ""
    link = f" ({job.html_url})" if job.html_url else ""
    return f"job '{job.name}' {_ENDS.get(job.conclusion or '', 'failed')}{where}{link}"


async def _jobs(github: GitHub, run: Run) -> tuple[Job, ...]:
    """The jobs of the run's last attempt; none where they can't be had, since the run's end is known all the same."""
    path = f"/actions/runs/{run.id}/jobs"
    try:
        answer = await github.call("GET", path, query={"filter": "latest", "per_page": 100})
        if answer.status == _OK:
            return document(answer, JobList, "a list of jobs").jobs
        raise github.refusal(answer, "the jobs could not be listed")
    except ActionError as error:
        github.context.log.warning("jobs_unknown", error=str(error))
        return ()
