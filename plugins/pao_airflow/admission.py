"""Whether a task may act: only in the run that PAO's API made, as that run's signed conf says. The hosts ask it first.

Whoever may look at runs in Airflow, and start some, can copy a conf into another one; so its signature alone is not
enough, and it must name the run that it is found in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_compiler.run_format import DagKind, RollbackInfo, RunConf, dag_id
from catalog_compiler.settings import PaoSettings
from catalog_compiler.signing import verified
from pao_airflow.memory import TaskPlace, is_revoked
from pao_airflow.step import Step


class RefusedError(Exception):
    """The action must not run; the message says why and what to do."""


async def admitted(step: Step, conf: Mapping[str, Any] | None, place: TaskPlace, settings: PaoSettings) -> RunConf:
    """The run of an action that may act.

    Raises:
        UnsignedRunError: if the API did not make the conf.
        RefusedError: if it is of another run or revision, or of a request that was rolled back.
    """
    run = accepted(step, conf, place, settings)
    if await is_revoked(place):
        raise RefusedError("the request was rolled back, so its actions must not run again; order the item anew")
    return run


def accepted(step: Step, conf: Mapping[str, Any] | None, place: TaskPlace, settings: PaoSettings) -> RunConf:
    """The run of an action that was accepted for it, whatever became of its request since: it may still be stopped.

    Raises:
        UnsignedRunError: if the API did not make the conf.
        RefusedError: if it is of another run or revision.
    """
    run = verified(conf, settings.fernet_key)
    _require_place(run, place, kind=step.mode, run_id=run.request.run_of(step.mode))
    if run.revision != step.revision:
        raise RefusedError(
            f"the request was accepted for revision {run.revision[:12]} of '{step.item_id}', but this DAG runs "
            f"revision {step.revision[:12]}; order the item anew"
        )
    return run


def admitted_rollback(
    conf: Mapping[str, Any] | None, place: TaskPlace, settings: PaoSettings
) -> tuple[RunConf, RollbackInfo]:
    """The run of a rollback that may act, and what it undoes.

    Raises:
        UnsignedRunError: if the API did not make the conf.
        RefusedError: if it is no rollback's, or that of another run.
    """
    run = verified(conf, settings.fernet_key)
    rollback = run.rollback
    if rollback is None:
        raise RefusedError("this run holds no rollback; roll the request back through PAO's API")
    _require_place(run, place, kind="rollback", run_id=f"{run.request.id}.rollback.{rollback.clear_number}")
    return run, rollback


def _require_place(run: RunConf, place: TaskPlace, *, kind: DagKind, run_id: str) -> None:
    """The mode of a request counts as well: its conf must not run the item's other way."""
    dag = dag_id(run.request.catalog, run.item_id, kind)
    other_way = kind not in {"rollback", run.request.mode}
    if other_way or (place.dag_id, place.run_id) != (dag, run_id):
        raise RefusedError(
            f"the conf of this run is that of request {run.request.id}, copied from another run; order the item "
            "through PAO's API instead of starting its DAG"
        )
