"""Action types of the live tests alone, installed in the stack as another package's are.

Both tell the scripted target of all that they do. One waits in the triggerer for a job outside; one is a process on a
worker, which tells its number, so that a test can kill it.
"""

from __future__ import annotations

import os

import httpx
from pydantic import BaseModel

from catalog_compiler.actions import ActionResult, ActionType


class Config(BaseModel):
    """Where the job is, or the process tells of itself."""

    url: str


def page_of(url):
    """Where people would look at it. What stands in a variable is secret, so the target's own address makes no link."""
    return f"https://jobs.example.com/{url.rpartition('/')[2]}"


async def tell(method, url, context, **body):
    headers = {"Idempotency-Key": context.idempotency_key}
    async with httpx.AsyncClient(trust_env=False, timeout=150) as http:
        return (await http.request(method, url, headers=headers, json=body)).json()


class Job(ActionType):
    """Begins a job by a POST, and follows it until it says that it is done; stopping it is a DELETE."""

    name = "live-job"
    summary = "Begins a job outside, and waits for it."
    Config = Config

    @classmethod
    def resumes(cls, state):
        return "job" in state

    @classmethod
    def made(cls, state):
        return ActionResult(outputs={"job": state["job"]}, url=page_of(state["job"])) if state else None

    async def run(self, config, context):
        state = await context.state.load()
        if not state:
            await tell("POST", config.url, context)
            await context.state.save({"job": config.url})
        await context.progress.waiting(url=page_of(config.url))
        while (await tell("GET", f"{config.url}/state", context)).get("state") != "done":
            await context.clock.sleep(0.2)
        return ActionResult(outputs={"job": config.url}, url=page_of(config.url))

    async def undo(self, config, context):
        await tell("DELETE", f"{config.url}/undo", context, undone=dict(context.undone))
        return ActionResult(outputs={})

    async def cancel(self, config, context):
        state = await context.state.load()
        await tell("DELETE", f"{state.get('job', config.url)}/cancel", context)


class Process(ActionType):
    """Begins once, then works until the target lets it end."""

    name = "live-process"
    summary = "Runs on a worker."
    Config = Config
    host = "worker"

    @classmethod
    def repeatable(cls, _config):
        return True

    @classmethod
    def made(cls, state):
        return ActionResult(outputs=dict(state)) if state else None

    async def run(self, config, context):
        state = await context.state.load()
        if not state:
            state = {"workspace": context.request_id}
            await context.state.save(state)
            await tell("POST", f"{config.url}/begin", context, pid=os.getpid())
        context.log.info("process_at_work", workspace=state["workspace"])
        await tell("POST", f"{config.url}/work", context, pid=os.getpid())
        return ActionResult(outputs=state)

    async def undo(self, config, context):
        await tell("DELETE", f"{config.url}/undo", context, pid=os.getpid(), undone=dict(context.undone))
        return ActionResult(outputs={})

    async def cancel(self, config, context):
        await tell("DELETE", f"{config.url}/cancel", context, state=await context.state.load())
