"""Lets a run that was started in Airflow itself become a request, before its first action begins."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from api_plugin.client import ApiError
from catalog_compiler.signing import SIGNATURE
from pao_airflow.admission import RefusedError
from pao_airflow.lookups import AirflowConnections
from pao_airflow.service import client_of
from pao_airflow.step import Step
from pao_airflow.task import HostedTask


async def adopted(step: Step, task: HostedTask) -> HostedTask:
    """The task with the conf that the API made of what a person gave; as it is, where the API made it before.

    Raises:
        RefusedError: if it can't be a request; the message says why.
    """
    if SIGNATURE in (task.conf or {}):
        return task
    place = task.place
    try:
        connection = await AirflowConnections().get(task.settings.service_connection)
        with client_of(connection) as client:
            conf = await asyncio.to_thread(
                client.adopt, dag_id=place.dag_id, run_id=place.run_id, revision=step.revision
            )
    except LookupError as error:
        raise RefusedError(f"a run that was started in Airflow can't be accepted here: {error}") from error
    except ApiError as error:
        raise RefusedError("; ".join(_said(error))) from error
    return replace(task, conf=conf)


def _said(error: ApiError) -> Iterator[str]:
    """Why the API refuses it; each wrong field by itself."""
    yield str(error.problem.get("detail") or error)
    for wrong in error.problem.get("errors") or ():
        yield f"{wrong['pointer']}: {wrong['message']}"
