"""One stack for all live tests of a run, and the people and things that they work with.

A test module names the items that it needs in `ITEMS`; the catalog's first commit holds those of all modules that run.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from pao_local.signals import interrupt_on_end

from api_plugin.client import ApiClient
from tests.fakes.jira import EMAIL, TOKEN, FakeJira, fake_jira
from tests.fakes.terraform_cloud import TOKEN as CLOUD_TOKEN
from tests.fakes.terraform_cloud import CloudFake
from tests.fakes.terraform_cloud import serving as terraform_cloud
from tests.live import restless_zone
from tests.live.airflow_api import AirflowApi
from tests.live.catalog_repository import STAGING, CatalogRepository, LiveCatalog
from tests.live.example_target import ExampleTarget
from tests.live.installing import install_types
from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import ROOT, RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.object_stores import S3, s3_server
from tests.redis_server import RedisServer

REPORTS = "/catalog-reports"
"""Where the scripted target is told of errors in items."""
WEBHOOK_SECRET = "a secret that the git host has too"
AT_A_TIME = 5
"""Requests of `queue-flood` that run at the same time."""
LEFT_ALONE_SECONDS = 15.0
"""For so long a target that was found ill is left alone."""
HERE = Path(__file__).parent
ANOTHER_PACKAGE = HERE / "another_package"
"""Where a package of somebody else is, with an action type of its own."""
TEST_SECONDS = 300
"""A test that takes longer hangs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and let none of them hang. The stack's start counts into the first one's time."""
    for test in items:
        if HERE in test.path.parents:
            test.add_marker("live")
            test.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where everything of the stack is; kept where a test failed, for its logs."""
    made = Path(tempfile.mkdtemp(prefix="pao-live-"))
    # PostgreSQL runs as another user where the tests run as root.
    made.chmod(0o755)
    yield made
    if request.session.testsfailed:
        print(f"\nthe logs of the stack under test are in {made / 'state' / 'logs'}")  # noqa: T201
    else:
        shutil.rmtree(made)


@pytest.fixture(scope="session")
def repository(request: pytest.FixtureRequest, folder: Path) -> CatalogRepository:
    """The catalog's repository, with the example catalog and the items of the test modules."""
    live = Path(__file__).parent
    tests = [test for test in request.session.items if isinstance(test, pytest.Function) and live in test.path.parents]
    items = [item for module in {test.module for test in tests} for item in getattr(module, "ITEMS", ())]
    ids = [each["header"]["id"] for each in items]
    assert len(ids) == len(set(ids)), f"modules share items: {sorted({each for each in ids if ids.count(each) > 1})}"
    return CatalogRepository.make(folder / "catalog", ROOT / "examples" / "catalog", items)


@pytest.fixture(scope="session")
def scripted() -> Iterator[ScriptedTarget]:
    """The target that does what it is told."""
    with ScriptedTarget().serving() as target:
        yield target


@pytest.fixture(scope="session")
def ailing() -> Iterator[ScriptedTarget]:
    """Another target that does what it is told: one that may fall ill."""
    with ScriptedTarget().serving() as target:
        yield target


@pytest.fixture(scope="session")
def jira() -> Iterator[FakeJira]:
    """The Jira of the connection `jira_live`."""
    with fake_jira(cloud=True) as running:
        yield running


@pytest.fixture(scope="session")
def cloud() -> Iterator[CloudFake]:
    """The Terraform Cloud of the connection `terraform_cloud_default`."""
    with terraform_cloud() as running:
        yield running


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """Where the files of requests are."""
    with s3_server() as running:
        yield running


@pytest.fixture(scope="session")
def redis(folder: Path) -> Iterator[RedisServer | None]:
    """Where all processes keep which targets they leave alone, on a machine that has one."""
    if shutil.which("redis-server") is None:
        yield None
        return
    with RedisServer.started(folder) as running:
        yield running


@pytest.fixture(scope="session")
def staging_repository(folder: Path, repository: CatalogRepository) -> CatalogRepository:
    """The branch that the second catalog follows."""
    return repository.branch(STAGING, folder / STAGING, item("watched-branch", scripted_call("make", "/staging-1")))


@pytest.fixture(scope="session")
def stack(
    folder: Path,
    repository: CatalogRepository,
    staging_repository: CatalogRepository,
    scripted: ScriptedTarget,
    ailing: ScriptedTarget,
    jira: FakeJira,
    cloud: CloudFake,
    redis: RedisServer | None,
    s3: S3,
) -> Iterator[RunningStack]:
    """The stack under test."""
    interrupt_on_end()
    tickets = {"conn_type": "jira", "host": jira.url, "login": EMAIL, "password": TOKEN}
    workspaces = {
        "conn_type": "http",
        "host": cloud.url,
        "password": CLOUD_TOKEN,
        "extra": {"organization": "acme"},
    }
    reports = {"conn_type": "http", "host": f"{scripted.url}{REPORTS}"}
    with RunningStack.started(
        folder / "state",
        repository.folder,
        {"SCRIPTED_URL": scripted.url, "AILING_URL": ailing.url},
        further={STAGING: f"{staging_repository.folder}#{STAGING}"},
        options={
            "AIRFLOW_CONN_CATALOG_REPORTS": json.dumps(reports),
            # Nothing may hang on the machine's own time, nor on that of sessions with the database.
            "TZ": restless_zone.write(folder / "zone"),
            "PGTZ": "America/Santiago",
            "AIRFLOW__PAO__CATALOG_REPORT_CONNECTION": "catalog_reports",
            # As everywhere but in the tests beside these.
            "AIRFLOW__PAO__START_AT_ONCE": "True",
            "AIRFLOW__PAO__BREAKER_SECONDS": str(LEFT_ALONE_SECONDS),
            "AIRFLOW__PAO__MAX_REQUESTS_PER_ITEM": f"queue-flood={AT_A_TIME}",
            "AIRFLOW_CONN_PAO_GITHUB_WEBHOOK": json.dumps({"conn_type": "http", "password": WEBHOOK_SECRET}),
            **({"AIRFLOW__PAO__REDIS_URL": redis.url} if redis else {}),
            "AIRFLOW__PAO__FILE_STORAGE": f"s3://files_live@{s3.bucket}/pao",
            "AIRFLOW_CONN_FILES_LIVE": s3.connection,
            "AIRFLOW_CONN_TERRAFORM_CLOUD_DEFAULT": json.dumps(workspaces),
            "AIRFLOW_CONN_JIRA_LIVE": json.dumps(tickets),
            "AIRFLOW_CONN_JIRA_LIVE_WEBHOOK": json.dumps({"conn_type": "http", "password": WEBHOOK_SECRET}),
            "PYTHONPATH": os.pathsep.join([str(ANOTHER_PACKAGE), str(install_types(folder / "types"))]),
        },
    ) as running:
        yield running


@pytest.fixture(scope="session")
def catalog(stack: RunningStack, repository: CatalogRepository) -> Iterator[LiveCatalog]:
    """The served catalog, with every item of its first commit orderable."""
    with ApiClient(base_url=stack.base_url, token=stack.keys.service_api_key) as service:
        live = LiveCatalog(repository=repository, service=service)
        live.wait_until_served(repository.tip(), within=180)
        yield live


@pytest.fixture(scope="session")
def staging(catalog: LiveCatalog, staging_repository: CatalogRepository) -> LiveCatalog:
    """The second catalog, with every item of its first commit orderable."""
    live = LiveCatalog(repository=staging_repository, service=catalog.service, name=STAGING)
    live.wait_until_served(staging_repository.tip())
    return live


@pytest.fixture
def hears_signals(stack: RunningStack) -> None:
    """For what only `pao triggerer` hears; where Airflow's own runs, actions look from time to time instead."""
    if "airflow" in stack.settings.daemons.triggerers:
        pytest.skip("Airflow's own triggerer hears no signals")


@pytest.fixture(scope="session")
def portals(stack: RunningStack, catalog: LiveCatalog) -> Iterator[dict[str, Portal]]:
    """Everyone who may call, by name; `nobody` has no token, `colleague` is a developer like another."""
    keys = stack.keys
    passwords = {"developer": keys.developer_password, "operator": keys.operator_password, "admin": keys.admin_password}
    tokens: dict[str, str | None] = {
        "nobody": None,
        "stranger": "not-a-token",
        "colleague": keys.client_api_key,
        "service": keys.service_api_key,
    }
    for username, password in passwords.items():
        credentials = {"username": username, "password": password}
        answer = httpx.post(f"{stack.base_url}/auth/token", json=credentials, timeout=90, trust_env=False)
        tokens[username] = answer.raise_for_status().json()["access_token"]
    with ExitStack() as exits:
        yield {name: exits.enter_context(Portal.signed_in(stack.base_url, token)) for name, token in tokens.items()}


@pytest.fixture(scope="session")
def developer(portals: dict[str, Portal]) -> Portal:
    """Orders things."""
    return portals["developer"]


@pytest.fixture(scope="session")
def airflow(portals: dict[str, Portal]) -> AirflowApi:
    """Airflow's own API, as the administrator."""
    return AirflowApi(http=portals["admin"].http)


@pytest.fixture(scope="session")
def target(stack: RunningStack) -> Iterator[ExampleTarget]:
    """The example target."""
    with ExampleTarget.at(stack.target_url, stack.keys.target_token) as found:
        yield found
