"""Takes runs and hands them to the task workers. Runs in the peer's environment."""

from __future__ import annotations

from fastapi import FastAPI
from prefect_task import three_calls

app = FastAPI()


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether it listens."""
    return {"status": "ok"}


@app.post("/runs/{run}", status_code=202)
def start(run: str) -> dict[str, str]:
    """Submit a background task; the server has it when this answers."""
    return {"id": str(three_calls.delay(run).task_run_id)}
