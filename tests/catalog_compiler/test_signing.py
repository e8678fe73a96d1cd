"""Actions act on nothing but what the API accepted: a run's conf is signed, and checked where it runs."""

from __future__ import annotations

import copy
import datetime as dt
import json

import pytest

from catalog_compiler.run_format import RequestInfo, RunConf, UserInfo
from catalog_compiler.signing import UnsignedRunError, signed, verified

CONF = RunConf(
    request=RequestInfo(
        id="0198c0de-0000-7000-8000-000000000001",
        timestamp=dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC),
        catalog="default",
        url="http://localhost:8080/api/v1/requests/0198c0de-0000-7000-8000-000000000001",
        mode="automatic",
        correlation_id="mine",
        user=UserInfo(id="dev", email="dev@example.com", name="Dev", roles=("PAO Developer",)),
    ),
    item_id="queue",
    revision="0" * 64,
    fields={"name": "é", "size": 1.0, "big": 2**60, "parts": [1, {"b": None, "a": True}]},
)


def test_a_signed_conf_is_read_back():
    """Also after the database has reordered its keys and spelt its letters anew."""
    stored = json.loads(json.dumps(signed(CONF, "key"), sort_keys=True))

    assert CONF == verified(dict(reversed(stored.items())), "key")


def test_any_key_of_the_list_counts():
    """The first one signs; runs that were signed with an older one go on."""
    assert CONF == verified(signed(CONF, "old"), "new, old")
    assert CONF == verified(signed(CONF, "new,old"), "new")


def changed(path, value):
    conf = copy.deepcopy(signed(CONF, "key"))
    place = conf
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return conf


@pytest.mark.parametrize(
    "conf",
    [
        None,
        {},
        {"signature": ""},
        {"signature": None},
        {"signature": 7},
        {"signature": "é"},
        {"signature": "\ud800"},
        {**CONF.model_dump(mode="json")},
        changed(("signature",), "0" * 64),
        changed(("fields", "name"), "other"),
        changed(("fields", "size"), 2),
        changed(("fields", "new"), "x"),
        changed(("request", "user", "roles"), ["Admin"]),
        changed(("revision",), "1" * 64),
        changed(("rollback",), {"clear_number": 0, "header": {}, "field_types": {}, "steps": []}),
        changed(("more",), 1),
        signed(CONF, "another key"),
    ],
)
def test_anything_else_is_refused(conf):
    """A run started from Airflow's own pages, or with a changed user, value or undo."""
    with pytest.raises(UnsignedRunError, match="order the item through the catalog"):
        verified(conf, "key")
