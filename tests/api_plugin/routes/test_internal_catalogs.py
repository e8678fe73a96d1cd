"""What the synchronising DAG learns of a catalog: what waits and why, what is new, and who is to be told of what."""

from __future__ import annotations

import json

import pytest
from airflow.models.dagbundle import DagBundleModel
from airflow.models.errors import ParseImportError
from sqlalchemy import select

from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.store.catalog import Catalog, CatalogChange, CatalogCommit
from catalog_compiler.plan import ItemPlan
from tests.api_plugin.conftest import a_caller
from tests.items import action, compiled_item

V1 = compiled_item("queue", action("a"), header={"owner": "team-a"})
V2 = compiled_item("queue", action("a"), header={"owner": "team-a", "version": "2.0.0"})
SERVICE = a_caller(Permission.INTERNAL)
PROBLEM = {
    "severity": "error", "item_id": "queue", "file": "catalog/queue.yaml", "pointer": "", "code": "missing-key",
    "message": "say more", "line": 1, "column": 1, "hint": None,
}  # fmt: skip


@pytest.fixture
def ask(world, portal):
    """Calls an internal operation on catalogs as the service."""
    world.publish(V1)

    def asking(path="/default", method="GET", **more):
        answer = portal(method, f"/internal/catalogs{path}", SERVICE, **more)
        assert answer.is_success, answer.text
        return answer.json()

    return asking


def reasons(answer):
    return [item["reason"] for item in answer["waiting"]]


def test_each_waiting_item_has_its_reason(world, ask):
    """As Airflow has it."""
    assert ["Airflow has not parsed its DAG yet"] == reasons(ask())

    world.parse(V1)
    assert [] == reasons(ask())
    world.publish(V2)
    assert ["Airflow has not parsed its DAG's new revision yet"] == reasons(ask())

    world.stale("default.queue.rollback")
    assert ["Airflow takes its DAG for stale: the DAG processor does not find its file"] == reasons(ask())

    trace = "Traceback (most recent call last):\n  ...\nImportError: no such module\n"
    world.session.add(
        ParseImportError(bundle_name="default", filename="queue.py", stacktrace=trace, timestamp=utc_now())
    )
    world.session.commit()
    assert ["its DAG can't be imported: ImportError: no such module"] == reasons(ask())


def test_what_was_published_since_is_told(world, ask):
    """In order."""
    for commit in ("c1", "c2"):
        change = CatalogChange(catalog="default", type="published", at=utc_now(), commit=commit, items=[])
        world.session.add(change)
        world.session.flush()
        world.session.add(
            CatalogCommit(
                seq=change.seq, catalog="default", commit=commit, author="Ada", message="More", committed_at=utc_now(),
                published_at=utc_now(), added=["queue"], changed=[], removed=[], invalid=[],
            )
        )  # fmt: skip
    world.session.commit()

    newest = ask()["seq"]
    assert [] == ask()["commits"] == ask(f"/default?since={newest}")["commits"]
    assert ["c1", "c2"] == [commit["commit"] for commit in ask("/default?since=0")["commits"]]
    assert ["queue"] == ask("/default?since=0")["commits"][0]["added"]


def test_an_owner_is_to_be_told_until_they_were(world, ask):
    """What was told is kept, so that it is told once; that all is well again, too."""
    row = world.session.scalars(select(Catalog)).one()
    row.problems, row.owners = [PROBLEM], {"team-a": {"contact": "a@example.com"}}
    world.session.commit()

    (report,) = ask()["reports"]
    assert ("team-a", "a@example.com", [PROBLEM]) == (report["owner"], report["contact"], report["problems"])
    told = {"content": json.dumps({"owner": "team-a", "digest": report["digest"]})}
    ask("/default/reported", "POST", headers={"Content-Type": "application/json"}, **told)
    assert [] == ask()["reports"]

    world.session.refresh(row)
    row.problems = []
    world.session.commit()
    (well,) = ask()["reports"]
    assert ("team-a", [], "") == (well["owner"], well["problems"], well["digest"])
    told = {"content": json.dumps({"owner": "team-a", "digest": ""})}
    ask("/default/reported", "POST", headers={"Content-Type": "application/json"}, **told)
    assert [] == ask()["reports"]


def test_the_followed_catalogs_are_listed(world, ask):
    """Not those that were taken out of the configuration."""
    for name in ("staging", "gone"):
        world.session.add(Catalog(name=name, tracking_ref="x", categories=[], problems=[], change_counter=0))
    world.session.add(DagBundleModel(name="gone"))
    world.session.flush()
    world.session.get(DagBundleModel, "gone").active = False
    world.session.commit()

    assert ["default", "staging"] == ask("")["catalogs"]


def test_the_accounts_of_teams_are_those_published_last(world, ask, portal):
    """A team without one is left out; a catalog that there is not has none to show."""
    world.session.get(Catalog, "default").owners = {
        "ops": {"contact": "ops@example.com", "jira_account": "5b10ac8d82e05b22cc7d4ef5"},
        "chat": {"contact": "#chat", "jira_account": None},
    }
    world.session.commit()

    assert {"jira_accounts": {"ops": "5b10ac8d82e05b22cc7d4ef5"}} == ask("/default/teams")
    assert 404 == portal("GET", "/internal/catalogs/other/teams", SERVICE).status_code


def test_the_plan_of_any_published_revision_is_shown(world, ask, portal):
    """Also of one that is no longer served: a request may run it still."""
    world.publish(V2)

    shown = ask(f"/default/items/queue/revisions/{V1.plan.revision}")

    assert V1.plan == ItemPlan.model_validate(shown)
    assert 404 == portal("GET", "/internal/catalogs/default/items/queue/revisions/none", SERVICE).status_code
