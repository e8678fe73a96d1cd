"""`pao triggerer`: Airflow's triggerer, thinly subclassed for thousands of short triggers.

`trigger_supervisor` and `trigger_runner` are its two processes; `fast_path` is what it does with events.
"""

from __future__ import annotations

from importlib import import_module

import structlog
from airflow.cli.commands.triggerer_command import _serve_logs
from airflow.configuration import conf
from airflow.jobs import triggerer_job_runner
from airflow.jobs.job import Job, run_job
from airflow.jobs.triggerer_job_runner import TriggererJobRunner
from airflow.sdk._shared.secrets_masker import SecretsMasker
from airflow.utils.process_utils import set_component_mp_start_method
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from catalog_compiler.actions import action_types
from catalog_compiler.open_files import room_for
from pao_airflow import dead_triggerers
from pao_airflow.trigger_supervisor import PaoTriggerRunnerSupervisor

log = structlog.get_logger(__name__)


@providers_configuration_loaded
def run(capacity: int | None, skip_serve_logs: bool) -> None:  # noqa: FBT001 - as the argument is
    """Do what Airflow's own command does, but for the class, which its job runner looks up by this name."""
    triggerer_job_runner.TriggerRunnerSupervisor = PaoTriggerRunnerSupervisor  # type: ignore[misc]
    SecretsMasker.enable_log_masking()
    # Before the runner is forked: the first action would hold up all others while it imports its type.
    import_module("pao_airflow.trigger")
    action_types()
    set_component_mp_start_method("triggerer")
    with _serve_logs(skip_serve_logs):
        job = Job(heartrate=conf.getfloat("triggerer", "job_heartbeat_sec"), executor_class=dead_triggerers.CLASS)
        runner = TriggererJobRunner(job=job, capacity=capacity_for(capacity))
        run_job(job=runner.job, execute_callable=runner._execute)  # noqa: SLF001 - as Airflow's own command does


def capacity_for(asked: int | None) -> int:
    """How many triggers can run at once of those that were asked for, None for `[triggerer] capacity`.

    The supervisor has the log of each open that has begun to run, and where one more can't be opened, it ends.
    """
    wanted = conf.getint("triggerer", "capacity") if asked is None else asked
    room = room_for(wanted)
    if room < wanted:
        log.warning(
            "runs fewer triggers at once than [triggerer] capacity says, because each has its log open and this user "
            "may not open as many files; raise the limit (ulimit -Hn, or LimitNOFILE of a systemd unit)",
            capacity=wanted,
            runs=room,
        )
    return min(room, wanted)
