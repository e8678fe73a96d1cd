"""Every kind of backend that can be had here, run by the real Terraform: where the state is, found again, gone.

`s3` is held against moto's S3, `gcs` against gcp-storage-emulator, `http` against the server of `state_server.py`, and
`pg` against PostgreSQL; `local` is in `test_local.py`. There is no server here for `azurerm`, which asks Azure's own
hosts: of it the real Terraform takes the arguments.
"""

import json
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import boto3
import pytest

from tests.pao_actions.terraform.conftest import needs_terraform, query

pytestmark = needs_terraform

SECRET = "backend-secret-12345"
KEY = "states/{{fields.name}}"
DEADLINE = 30.0
"""Seconds that a server has to begin."""


@contextmanager
def server(program, *arguments):
    """One of the environment's programs, on a free port; where it is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name(program), *(each.format(port=port) for each in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{program} ended"
                assert time.monotonic() < until, f"{program} does not begin"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def client(url):
    """Asks moto directly."""
    return boto3.client(
        "s3", endpoint_url=url, region_name="eu-central-1", aws_access_key_id="key", aws_secret_access_key=SECRET
    )


@pytest.fixture(scope="module")
def s3():
    with server("moto_server", "-H", "127.0.0.1", "-p", "{port}") as url:
        client(url).create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield url


@pytest.fixture(scope="module")
def gcs():
    start = ("start", "--host=127.0.0.1", "--port={port}", "--in-memory", "--default-bucket=bucket")
    with server("gcp-storage-emulator", *start) as url:
        yield url


@pytest.fixture
def postgres(states):
    """What a test stores in it is gone afterwards."""
    yield states
    query(states, "DROP SCHEMA IF EXISTS of_orders CASCADE")


class S3:
    def __init__(self, url):
        self.url = url
        arguments = {
            "bucket": "bucket",
            "key": KEY,
            "region": "eu-central-1",
            "endpoints": {"s3": url},
            "use_path_style": True,
            "use_lockfile": True,
            "access_key": "key",
            "secret_key": "{{env.SECRET}}",
        }
        for name in ("credentials_validation", "requesting_account_id", "metadata_api_check", "region_validation"):
            arguments[f"skip_{name}"] = True
        self.backend = {"type": "s3", "config": arguments}

    def state(self):
        return client(self.url).get_object(Bucket="bucket", Key="states/orders")["Body"].read()


class Gcs:
    def __init__(self, url):
        self.url = url
        self.backend = {
            "type": "gcs",
            "config": {
                "bucket": "bucket",
                "prefix": KEY,
                "storage_custom_endpoint": f"{url}/storage/v1/b",
                "access_token": "{{env.SECRET}}",
            },
        }

    def state(self):
        with closing(build_opener(ProxyHandler({})).open(f"{self.url}/bucket/states/orders/default.tfstate")) as answer:
            return answer.read()


class Http:
    def __init__(self, world):
        self.world = world
        self.backend = world.backend(username="pao", password="{{env.SECRET}}")

    def state(self):
        return self.world.state


class Postgres:
    def __init__(self, states):
        self.states = states
        address = f"host={states.host} user={states.login} dbname={states.schema}"
        self.backend = {"type": "pg", "config": {"conn_str": address, "schema_name": "of_{{fields.name}}"}}

    def state(self):
        return query(self.states, "SELECT data FROM of_orders.states")[0][0]


KINDS = {
    "s3": lambda request: S3(request.getfixturevalue("s3")),
    "gcs": lambda request: Gcs(request.getfixturevalue("gcs")),
    "http": lambda request: Http(request.getfixturevalue("state_server")),
    "pg": lambda request: Postgres(request.getfixturevalue("postgres")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_is_where_the_item_says(kind, request, local_worker):
    """What was made is found again there, and destroyed by it."""
    place = KINDS[kind](request)
    known = {"backend": place.backend, "variables": {"x": "v"}, "fields": {"name": "orders"}, "env": {"SECRET": SECRET}}
    counts = []
    for action in ("apply", "apply", "destroy"):
        outcome = local_worker.run(action=action, **known)
        assert "completed" == outcome.status, outcome.error
        counts.append(list(outcome.result.outputs["plan"].values()))
        counts.append([each["name"] for each in json.loads(place.state())["resources"]])

    assert [[1, 0, 0], ["it"], [0, 0, 0], ["it"], [0, 0, 1], []] == counts
    assert [] == local_worker.left


def test_the_arguments_of_azurerm_are_terraform_s(local_worker):
    """It takes them all, and goes on to sign in."""
    arguments = {"storage_account_name": "pao", "container_name": "states", "key": KEY, "access_key": "{{env.SECRET}}"}
    backend = {"type": "azurerm", "config": arguments}

    outcome = local_worker.run(backend=backend, fields={"name": "orders"}, env={"SECRET": SECRET})

    assert (
        "terraform init failed: Failed to get existing workspaces: retrieving container client: new shared key "
        "authorizer: decoding accountKey: illegal base64 data at input byte 7"
    ) == outcome.error.message
