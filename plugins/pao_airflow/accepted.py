"""What a request was accepted with, for tasks on workers.

A worker reads the DAG from the catalog's version that Airflow noted for the run. That note can be newer than the DAG
that the run was created with, where the order came while a push was being parsed.
"""

from __future__ import annotations

import asyncio

import structlog

from api_plugin.client import ApiError
from catalog_compiler.plan import ItemPlan
from catalog_compiler.run_format import RunConf
from catalog_compiler.signing import UnsignedRunError, verified
from pao_airflow.lookups import AirflowConnections
from pao_airflow.service import client_of
from pao_airflow.step import Step
from pao_airflow.task import HostedTask

log = structlog.get_logger(__name__)


async def accepted_step(step: Step, task: HostedTask) -> Step:
    """The step as the request's revision has it; the given one where that can't be had, which the host then refuses."""
    try:
        run = verified(task.conf, task.settings.fernet_key)
        if run.revision == step.revision:
            return step
        plan = await _plan(run, task.settings.service_connection)
        action = plan.fulfillment(step.mode).action(step.action.name)
    except UnsignedRunError:
        return step
    except (ApiError, LookupError) as error:
        log.warning("the accepted revision was not looked up", error=str(error))
        return step
    log.info("the DAG is of another revision than the request", accepted=plan.revision, found=step.revision)
    return Step.of(plan, step.mode, action)


async def _plan(run: RunConf, connection_id: str) -> ItemPlan:
    with client_of(await AirflowConnections().get(connection_id)) as client:
        return await asyncio.to_thread(client.item_plan, run.request.catalog, run.item_id, run.revision)
