"""Every kind of backend that can be had here, run by the real Terraform: where the state is, found again, gone.

`s3` is held against moto's S3, `gcs` against gcp-storage-emulator, `http` against the server of `state_server.py`, and
`pg` against PostgreSQL; `local` is in `test_local.py`. There is no server here for `azurerm`, which asks Azure's own
hosts: of it the real Terraform takes the arguments.
"""

import json
from contextlib import closing
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.object_stores import REGION, SECRET, s3_server, server
from tests.pao_actions.terraform.conftest import needs_terraform, query

pytestmark = needs_terraform

KEY = "states/{{fields.name}}"


@pytest.fixture(scope="module")
def s3():
    with s3_server() as store:
        yield store


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
    def __init__(self, store):
        self.store = store
        arguments = {
            "bucket": store.bucket,
            "key": KEY,
            "region": REGION,
            "endpoints": {"s3": store.url},
            "use_path_style": True,
            "use_lockfile": True,
            "access_key": "key",
            "secret_key": "{{env.SECRET}}",
        }
        for name in ("credentials_validation", "requesting_account_id", "metadata_api_check", "region_validation"):
            arguments[f"skip_{name}"] = True
        self.backend = {"type": "s3", "config": arguments}

    def state(self):
        return self.store.client().get_object(Bucket=self.store.bucket, Key="states/orders")["Body"].read()


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
