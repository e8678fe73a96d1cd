"""A rollback's config may be completed by its type from what it undoes; problems are told where the key is written."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, ConfigDict

from catalog_compiler.actions import ActionType, ConfigFacts, ConfigProblem
from catalog_compiler.item import compile_item
from tests.installed_types import installed
from tests.items import action, document, item_plan


class Stack(ActionType):
    """Undoes what it made with the same module, unless its rollback names another one."""

    name = "stack"
    summary = "Makes a stack."
    facts: list[ConfigFacts] = []  # noqa: RUF012 - of this test alone

    class Config(BaseModel):
        """Two keys."""

        model_config = ConfigDict(extra="forbid")
        module: str
        size: int = 1

    @classmethod
    def check(cls, config, facts):
        cls.facts.append(facts)
        if config["module"] == "gone":
            yield ConfigProblem(path=("module",), message="there is no such module")

    @classmethod
    def undo_config(cls, config, undone):
        return {**(undone or {}), **config}

    async def run(self, _config, _context):
        raise AssertionError


@pytest.fixture(autouse=True)
def _installed():
    Stack.facts.clear()
    with installed(Stack):
        yield


def stack(config, rollback, undo_type="stack"):
    undo = {"type": undo_type} if rollback is None else {"type": undo_type, "config": rollback}
    return action("make", type="stack", config=config, rollback=undo)


def problems(config, rollback):
    file = json.dumps(document("queue", stack(config, rollback)), indent=2).encode()
    start = "/fulfillment/automatic/actions/0/"
    return [(problem.pointer.removeprefix(start), problem.message) for problem in compile_item(file, "q.yaml").problems]


def test_the_plan_holds_the_completed_config():
    """What runs needs nothing else."""
    plan = item_plan("queue", stack({"module": "db", "size": 3}, {"size": 0}))

    assert {"module": "db", "size": 0} == plan.fulfillment("automatic").action("make").rollback.config


def test_the_config_of_another_type_is_not_handed_over():
    """Its keys would mean something else."""
    other = action("make", rollback={"type": "stack", "config": {"module": "db"}})

    assert {"module": "db"} == item_plan("queue", other).fulfillment("automatic").action("make").rollback.config


@pytest.mark.parametrize(
    ("config", "rollback", "expected"),
    [
        ({"module": "db"}, None, []),
        ({"module": "db"}, {"size": 2}, []),
        ({"module": "gone"}, None, [("config/module", "there is no such module")]),
        ({"module": "db"}, {"module": "gone"}, [("rollback/config/module", "there is no such module")]),
        ({"module": "gone"}, {"module": "db"}, [("config/module", "there is no such module")]),
        (
            {"module": "db"},
            {"sise": 2},
            [("rollback/config/sise", "'sise' is not a key of this config")],
        ),
    ],
)
def test_a_problem_is_told_once_where_its_key_is_written(config, rollback, expected):
    """What the rollback took over is the action's; what it says itself is its own."""
    assert expected == problems(config, rollback)


def test_a_type_knows_of_which_way_a_config_is_and_whether_it_undoes():
    """The manual way has other rules, and so has an undo."""
    manual = [stack({"module": "m"}, {})]
    compile_item(json.dumps(document("queue", stack({"module": "a"}, {}), manual=manual)).encode(), "q.yaml")

    assert [("manual", False), ("manual", True), ("automatic", False), ("automatic", True)] == [
        (facts.mode, facts.undoing) for facts in Stack.facts
    ]
