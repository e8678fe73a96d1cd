"""The example of an action type in a package of its own: once installed, everything knows it by itself."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from catalog_compiler.cli import main
from tests.light_environment import ROOT, install, light_environment, pao, run

PACKAGE = ROOT / "examples" / "action-type"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy, since building writes beside the sources."""
    return shutil.copytree(PACKAGE, tmp_path_factory.mktemp("package") / "action-type")


@pytest.fixture(scope="module")
def environment(tmp_path_factory, package):
    """An author's environment, with the package beside PAO."""
    made = light_environment(tmp_path_factory.mktemp("light"))
    install(made, package, "pytest")
    return made


@pytest.fixture(scope="module")
def item(environment, tmp_path_factory):
    """An item that uses the type, as `pao new` writes it."""
    file = tmp_path_factory.mktemp("catalog") / "cache.yaml"
    pao(environment, "new", "cache", "--type", "dns-record", "--output", file)
    return file


def test_without_the_package_the_type_is_unknown(item, capsys):
    """Here, in the environment of the tests, nobody installed it."""
    assert 1 == main(["validate", str(item)])
    assert "error[unknown-action-type]: no action type 'dns-record' is installed" in capsys.readouterr().out


def test_items_may_use_it(environment, item):
    """They are valid, and compile."""
    assert "valid: 1 item" in pao(environment, "validate", item)
    assert "dns-record" in pao(environment, "compile", item)


@pytest.mark.parametrize(
    ("right", "wrong", "place", "message"),
    [
        ("value:", "valeu:", "valeu:", "'valeu' is not a key of this config"),
        ("type: CNAME", "type: A", "value:", "'ingress.example.com' is no IPv4 address"),
        ("type: CNAME", "type: MX", "type: MX", "'MX' cannot stand for 'type'; allowed are A, CNAME or TXT"),
        ("zone: example.com", "zone: Example", "zone:", "write a DNS name in small letters, digits and hyphens"),
    ],
)
def test_mistakes_in_its_config_are_found(environment, item, tmp_path, right, wrong, place, message):
    """By its model and by its own checks, where they stand."""
    file = tmp_path / "cache.yaml"
    head, kind, config = item.read_text().partition("type: dns-record")
    file.write_text(head + kind + config.replace(right, wrong, 1))

    told = pao(environment, "validate", file, status=1)

    line = 1 + (head + config.replace(right, wrong, 1).partition(place)[0]).count("\n")
    pattern = rf"^cache\.yaml:{line}:[0-9]+: error\[invalid-action-config\]: .*{re.escape(message)}"
    assert re.search(pattern, told, re.MULTILINE), told


def test_editors_get_its_keys(environment):
    """With what its model says of each."""
    schema = json.loads(pao(environment, "schema"))["definitions"]["config.dns-record"]

    assert "Seconds for which others may keep it." == schema["properties"]["ttl"]["description"]


def test_the_documentation_has_it(environment):
    """With its keys, its outputs and its example."""
    code = "from pao_docs.action_types import action_page; print(action_page())"
    page = run(environment / "bin" / "python", "-c", code, PYTHONPATH=str(ROOT / "scripts")).stdout

    assert "## `dns-record`" in page
    assert "| `ttl` | whole number from 60 to 86400 | default `300` | Seconds for which others may keep it. |" in page
    assert "| `fqdn` | The whole name, with its zone. |" in page


def test_its_own_tests_pass(environment, package):
    """As its author runs them."""
    done = run(environment / "bin" / "python", "-m", "pytest", "-q", cwd=package)

    assert "9 passed" in done.stdout
