"""A run that is stopped or killed in the middle keeps its state, leaves no lock and no folder, and the next goes on."""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pao_actions import attempts
from pao_actions.attempt_limit import attempt_limit
from pao_actions.attempts import perform
from pao_actions.http_client import close_clients
from pao_actions.terraform.action import Terraform

from catalog_compiler.plan import RetryPlan
from tests.pao_actions.terraform.conftest import ECHO, needs_terraform
from tests.pao_actions.terraform.state_server import HOLDER

pytestmark = needs_terraform

ROOT = Path(__file__).parents[3]
NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=0)


@pytest.fixture
def stall(worker, tmp_path):
    """A repository whose second resource tells by a pipe that it has begun, and then waits for ever, or no more."""
    told, never, go = tmp_path / "told", tmp_path / "never", tmp_path / "go"
    os.mkfifo(told)
    os.mkfifo(never)
    command = f"test -e {go} || {{ echo $PPID > {told}; exec cat {never}; }}"
    worker.repository.commit(
        {
            "main.tf": f"""
resource "terraform_data" "first" {{}}
resource "terraform_data" "second" {{
  depends_on = [terraform_data.first]
  provisioner "local-exec" {{
    command = {json.dumps(command)}
  }}
}}
output "it" {{ value = "done" }}
"""
        }
    )
    return Stall(told, go)


class Stall:
    def __init__(self, told, go):
        self._told = told
        self._go = go

    def begun(self):
        """Wait until the second resource is being made; gives Terraform's process."""
        return int(self._told.read_text())

    def release(self):
        """Let it be made at once from now on."""
        self._go.touch()


async def cancelled_run(worker, stall, meanwhile=None):
    """Run an action, and cancel it while its second resource is made; gives Terraform's process."""
    config = {"repository": worker.repository.url}
    work = asyncio.ensure_future(perform(Terraform(), config, retry=None, timeout=None, context=worker.context()))
    process = await asyncio.to_thread(stall.begun)
    if meanwhile is not None:
        await meanwhile()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await close_clients()
    return process


def ended(descriptor):
    """Whether a process, by its descriptor, is no more within half a minute."""
    ready, _, _ = select.select([descriptor], [], [], 30)
    os.close(descriptor)
    return bool(ready)


def parent_of(process):
    """The process that started it."""
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_a_stopped_run_ends_in_order(worker, stall):
    """Terraform is interrupted, not killed; when the cancellation is over, so is Terraform."""
    process = asyncio.run(cancelled_run(worker, stall))

    assert not Path(f"/proc/{process}").exists()
    assert [] == worker.left
    stall.release()
    outcome = worker.run(state=worker.state, lock_timeout=0)
    assert "completed" == outcome.status, outcome.error
    assert {"added": 1, "changed": 0, "destroyed": 1} == outcome.result.outputs["plan"]


def test_a_stopped_run_can_be_undone(worker, stall):
    """What was made before is destroyed."""
    asyncio.run(cancelled_run(worker, stall))

    outcome = worker.run(undo=True, action="destroy", lock_timeout=0)

    assert {"added": 0, "changed": 0, "destroyed": 2} == outcome.result.outputs["plan"]


def test_a_run_beyond_its_time_ends_in_order_and_is_tried_again(worker, stall, monkeypatch):
    """The time-out of an attempt is no reason to lose a state."""
    limits = []

    @asynccontextmanager
    async def noted(seconds):
        async with attempt_limit(seconds) as limit:
            limits.append(limit)
            yield limit

    monkeypatch.setattr(attempts, "attempt_limit", noted)

    async def run():
        context = worker.context(state=worker.state)
        work = perform(
            Terraform(),
            {"repository": worker.repository.url, "lock_timeout": 0},
            retry=RetryPlan(attempts=1, delay=0, max_delay=0),
            timeout=3600,
            context=context,
        )
        task = asyncio.ensure_future(work)
        await asyncio.to_thread(stall.begun)
        stall.release()
        limits[0].reschedule(asyncio.get_running_loop().time())
        return await task

    outcome = asyncio.run(run())

    assert ("completed", 2) == (outcome.status, outcome.attempts), outcome.error


WORKER = """
import sys
sys.path[:0] = {path!r}
from tests.pao_actions.terraform.conftest import Repository, Worker
from catalog_compiler.actions import Connection
from pathlib import Path
from types import SimpleNamespace
states = Connection(id="states", type="postgres", host={host!r}, login="postgres", schema="postgres")
worker = Worker(Path({folder!r}), states, SimpleNamespace(url={url!r}))
worker.run()
"""


@pytest.mark.parametrize("terraform_too", [False, True])
def test_the_next_try_of_a_killed_worker_goes_on(worker, stall, tmp_path, terraform_too):
    """SIGKILL of the worker interrupts Terraform, and its folder is cleared away; SIGKILL of all frees the lock."""
    script = WORKER.format(
        path=[str(ROOT / folder) for folder in ("", "plugins", "scripts")],
        host=worker.states.host,
        folder=str(tmp_path),
        url=worker.repository.url,
    )
    dying = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL, start_new_session=True)
    terraform = stall.begun()
    guardian = parent_of(terraform)
    both = [os.pidfd_open(process) for process in (terraform, guardian)]
    if terraform_too:
        os.kill(guardian, signal.SIGKILL)
    dying.kill()
    dying.wait()
    if terraform_too:
        os.killpg(terraform, signal.SIGKILL)
        assert [True, True] == [ended(process) for process in both]
    stall.release()

    outcome = worker.run(lock_timeout=60)

    assert "completed" == outcome.status, outcome.error
    # What a killed Terraform had made, and not yet stored, is made anew.
    assert outcome.result.outputs["plan"]["added"] in ((1, 2) if terraform_too else (1,))
    if not terraform_too:
        assert [True, True] == [ended(process) for process in both]
    assert [] == worker.left


def test_a_state_that_could_not_be_stored_is_kept_and_stored_by_the_next_try(worker, state_server):
    """Nothing that was made is forgotten."""
    config = {"backend": state_server.backend(), "variables": {"x": 1}}
    state_server.stores = False

    failed = worker.run(retry=NO_RETRY, **config)
    state_server.stores = True
    kept = list((worker.shared / "kept").iterdir())
    outcome = worker.run(state=worker.state, **config)

    assert failed.error.effect_possible
    assert "terraform apply failed: Failed to save state" in failed.error.message
    assert 0o600 == kept[0].stat().st_mode & 0o777 if kept[0].exists() else True
    assert {"added": 0, "changed": 0, "destroyed": 0} == outcome.result.outputs["plan"]
    assert ["it"] == state_server.resources
    assert [] == list((worker.shared / "kept").iterdir())


def test_a_foreign_lock_is_told_and_left_alone(worker, state_server):
    """Its holder may be alive."""
    state_server.holder = HOLDER

    outcome = worker.run(backend=state_server.backend(), variables={"x": 1}, lock_timeout=0, retry=NO_RETRY)

    assert ("temporary", False) == (outcome.error.kind, outcome.error.effect_possible)
    assert (
        "the state is locked, by the lock l-1; if its holder is dead, release it with 'terraform force-unlock l-1', "
        "otherwise wait, or raise 'lock_timeout'; gave up after 1 try"
    ) == outcome.error.message


def test_a_lock_in_the_platforms_database_is_told(worker, stall):
    """Another run of the same request holds it; it is there no longer once that has ended."""
    outcomes = []

    async def second():
        config = {"repository": worker.repository.url, "lock_timeout": 0}
        outcomes.append(await perform(Terraform(), config, retry=NO_RETRY, timeout=None, context=worker.context()))

    asyncio.run(cancelled_run(worker, stall, second))

    assert (
        "the state is locked by another session of its database; that lock ends with its process, so wait, or raise "
        "'lock_timeout'; gave up after 1 try"
    ) == outcomes[0].error.message


def test_requests_run_beside_each_other(worker):
    """Also the first ones on a fresh worker, which make the clone and the database's schema."""
    worker.repository.commit({"main.tf": ECHO})

    async def run():
        contexts = [worker.context(request_id=f"r-{number}") for number in range(4)]
        config = {"repository": worker.repository.url, "variables": {"x": 1}}
        outcomes = await asyncio.gather(
            *(perform(Terraform(), config, retry=NO_RETRY, timeout=None, context=context) for context in contexts)
        )
        await close_clients()
        return outcomes

    assert ["completed"] * 4 == [outcome.status for outcome in asyncio.run(run())]
    assert [] == worker.left
