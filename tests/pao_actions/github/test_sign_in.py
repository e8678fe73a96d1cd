"""Who signs in, and where."""

from dataclasses import replace

import pytest
from pao_actions.exceptions import PermanentError
from pao_actions.github.place import Repository, api_base
from pao_actions.testing import MemorySecrets

from catalog_compiler.actions import Connection
from tests.fakes.github import App, Fault
from tests.pao_actions.github.conftest import CONFIG
from tests.pao_actions.github.keys import PRIVATE_KEY, PUBLIC_KEY


@pytest.fixture
def app(cloud):
    """A world that signs in as a GitHub App."""
    cloud.fake.apps["12"] = App(id="12", key=PUBLIC_KEY, slug="pao", repositories={"acme/deployments": 7})
    extra = {"app_id": 12, "installation_id": 7, "private_key": PRIVATE_KEY}
    cloud.connection = replace(cloud.connection, password=None, extra=extra)
    return cloud


def fetched(world):
    """The calls that fetched a token."""
    return [call for call in world.fake.calls if call.path.endswith("/access_tokens")]


@pytest.mark.parametrize(
    ("connection", "base"),
    [
        ({}, "https://api.github.com"),
        ({"host": ""}, "https://api.github.com"),
        ({"host": "github.com"}, "https://api.github.com"),
        ({"host": "https://GitHub.com/"}, "https://api.github.com"),
        ({"host": "api.github.com", "schema": "https"}, "https://api.github.com"),
        ({"host": "https://api.github.com"}, "https://api.github.com"),
        ({"host": "https://acme.ghe.com"}, "https://api.acme.ghe.com"),
        ({"host": "api.acme.ghe.com"}, "https://api.acme.ghe.com"),
        ({"host": "github.example.com"}, "https://github.example.com/api/v3"),
        ({"host": "https://github.example.com"}, "https://github.example.com/api/v3"),
        ({"host": "https://github.example.com/api/v3"}, "https://github.example.com/api/v3"),
        ({"host": "https://github.example.com/api/v3/"}, "https://github.example.com/api/v3"),
        ({"host": "http://github.example.com", "port": 8080}, "http://github.example.com:8080/api/v3"),
        ({"host": "github.example.com:8443"}, "https://github.example.com:8443/api/v3"),
        ({"host": "github.example.com", "schema": "http"}, "http://github.example.com/api/v3"),
        ({"host": "[::1]:8080", "schema": "http"}, "http://[::1]:8080/api/v3"),
        ({"host": "https://api.github.com.example.com"}, "https://api.github.com.example.com/api/v3"),
    ],
)
def test_the_connections_host_says_where_github_is(connection, base):
    """github.com by default, Enterprise Cloud with data residency, or an Enterprise Server."""
    assert base == api_base(Connection(id="c", type="github", **connection))


@pytest.mark.parametrize("host", ["ftp://github.example.com", "https://", "https://a b:x"])
def test_a_host_that_is_none_is_refused(host):
    """Before anything is sent."""
    with pytest.raises(PermanentError, match="host"):
        api_base(Connection(id="c", type="github", host=host))


def test_an_owner_in_the_item_wins():
    """The connection's is for repositories without one."""
    connection = Connection(id="c", type="github", login="acme", extra={"owner": "other"})

    assert "team/x" == str(Repository.of("team/x", connection))
    assert "other/x" == str(Repository.of("x", connection))


def test_an_owner_is_one_segment_of_the_path(cloud):
    """Whatever the connection's login is."""
    cloud.connection = replace(cloud.connection, login="../a?b")

    assert "GitHub answered 404" in cloud.run({**CONFIG, "repository": "deployments"}).error.message
    assert {"/repos/..%2Fa%3Fb/deployments/actions/workflows/deploy.yml/runs"} == {
        call.path for call in cloud.fake.calls
    }


def test_a_token_is_masked(cloud):
    """From then on, in everything that the action writes."""
    secrets = MemorySecrets()

    cloud.run(context=cloud.context(secrets=secrets))

    assert {"ghp_robot"} == set(secrets.texts)


@pytest.mark.parametrize("place", ["private_key", "password", "key_path", "private_key_path", "escaped"])
def test_an_apps_private_key_may_stand_in_several_places(app, tmp_path, place):
    """As its text, with its line breaks escaped, or as a file."""
    extra = {"app_id": "12", "installation_id": "7"}
    if place == "password":
        app.connection = replace(app.connection, password=PRIVATE_KEY, extra=extra)
    elif place == "escaped":
        app.connection = replace(app.connection, extra={**extra, "private_key": PRIVATE_KEY.replace("\n", "\\n")})
    elif place == "private_key":
        app.connection = replace(app.connection, extra={**extra, "private_key": PRIVATE_KEY})
    else:
        file = tmp_path / "app.pem"
        file.write_text(PRIVATE_KEY)
        app.connection = replace(app.connection, extra={**extra, place: str(file)})

    assert "completed" == app.run().status


def test_an_installations_token_is_fetched_once_for_all(app):
    """And masked for each."""
    secrets = [MemorySecrets() for _ in range(8)]
    config = {**CONFIG, "correlation_input": "pao_id"}
    actions = [
        (config, app.context(idempotency_key=f"key-{number}", secrets=one)) for number, one in enumerate(secrets)
    ]

    outcomes = app.together(*actions)

    assert {"completed"} == {outcome.status for outcome in outcomes}
    assert 1 == len(fetched(app))
    assert all("ghs_1" in one.texts for one in secrets)


def test_the_installation_is_looked_up_where_it_is_not_named(app):
    """By the repository, once."""
    app.connection = replace(app.connection, extra={"app_id": 12, "private_key": PRIVATE_KEY})
    actions = [(CONFIG, app.context(idempotency_key=f"key-{number}")) for number in range(3)]

    assert {"completed"} == {outcome.status for outcome in app.together(*actions)}
    assert 1 == len([call for call in app.fake.calls if call.path.endswith("/installation")])


def test_a_token_is_replaced_before_it_ends(app):
    """A run may last longer than the hour that a token lives."""
    app.fake.repositories["acme/deployments"]["deploy.yml"].life = (*["in_progress"] * 150, "success")

    outcome = app.run()

    assert "completed" == outcome.status
    assert 3 == len(fetched(app))
    assert 401 not in [call.status for call in app.fake.calls]


def test_a_token_that_is_taken_back_is_replaced(app):
    """GitHub answers 401 from then on."""
    app.fake.on_dispatch = lambda _: app.fake.tokens.pop("ghs_1")

    assert "completed" == app.run().status
    assert 2 == len(fetched(app))


def test_runs_of_an_app_are_its_robots(app):
    """Where runs must be told apart, by its name."""
    workflow = app.fake.repositories["acme/deployments"]["deploy.yml"]
    app.fake.faults = [Fault("POST", "/dispatches", "lost")]
    app.fake.on_dispatch = lambda _: app.fake.start("acme/deployments", workflow, actor="someone")

    assert ("completed", 1001) == ((outcome := app.run()).status, outcome.result.outputs["run_id"])


@pytest.mark.parametrize("kind", ["cut", "answer"])
def test_a_sign_in_that_is_not_answered_is_tried_again(app, kind):
    """Nothing was dispatched yet, so that nothing is looked for."""
    app.fake.faults = [Fault("POST", "/access_tokens", kind)]

    outcome = app.run()

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(app.fake.dispatches()))
    assert [] == app.events("answer_lost")


BAD_CONNECTIONS = [
    (
        {"password": None},
        (
            "connection 'github_default' has no token; set its password to one, or 'app_id' and 'private_key' in "
            "its extra "
            "for a GitHub App"
        ),
    ),
    (
        {"password": PRIVATE_KEY},
        "connection 'github_default' holds a private key but no 'app_id' in its extra; add the GitHub App's",
    ),
    (
        {"extra": {"app_id": 12, "installation_id": 7, "private_key": "nonsense"}},
        (
            "the private key of connection 'github_default' is no RSA key in PEM form; take the one that GitHub "
            "gave for "
            "the App"
        ),
    ),
    (
        {"extra": {"app_id": 12, "installation_id": 7}, "password": None},
        (
            "the private key of connection 'github_default' is no RSA key in PEM form; take the one that GitHub "
            "gave for "
            "the App"
        ),
    ),
    (
        {"extra": {"app_id": 12, "key_path": "/nowhere/app.pem"}},
        (
            "connection 'github_default' names '/nowhere/app.pem' as its private key, which can't be read; put "
            "the file "
            "where the action runs, or correct the path"
        ),
    ),
    (
        {"extra": {"app_id": 13, "installation_id": 7, "private_key": PRIVATE_KEY}},
        (
            "the GitHub App got no token for installation 7: GitHub answered 401; check 'app_id', "
            "'installation_id' and "
            "the private key of connection 'github_default'"
        ),
    ),
    (
        {"extra": {"app_id": 12, "installation_id": 8, "private_key": PRIVATE_KEY}},
        (
            "the GitHub App got no token for installation 8: GitHub answered 404; check 'app_id', "
            "'installation_id' and "
            "the private key of connection 'github_default'"
        ),
    ),
    (
        {"password": "ghp_expired"},
        (
            "the runs of 'deploy.yml' in acme/deployments could not be listed: GitHub answered 401: Bad "
            "credentials; the "
            "sign-in of connection 'github_default' is not valid or has expired; renew it"
        ),
    ),
    (
        {"host": "ftp://github.example.com"},
        (
            "connection 'github_default' has the host 'ftp://github.example.com', where no GitHub can be; write "
            "'https://github.example.com', or leave it empty for github.com"
        ),
    ),
    (
        {"extra": {"verify": "/nowhere/ca.pem"}},
        (
            "connection 'github_default' names '/nowhere/ca.pem' as its 'verify', which can't be read as a file of "
            "certificates ([Errno 2] No such file or directory: '/nowhere/ca.pem'); put the file where the "
            "triggerer runs, or correct "
            "'verify' in the connection's extra: a path, true or false"
        ),
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD_CONNECTIONS)
def test_a_connection_that_cant_sign_in_fails_at_once(cloud, change, message):
    """With what to do, and nothing dispatched; the secret is not in it."""
    cloud.fake.apps["12"] = App(id="12", key=PUBLIC_KEY, slug="pao", repositories={"acme/deployments": 7})
    cloud.connection = replace(cloud.connection, **change)

    outcome = cloud.run()

    assert ("failed", "permanent", False, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )
    assert message == outcome.error.message
    assert [] == cloud.fake.dispatches()


def test_an_app_that_is_not_installed_there_says_so(app):
    """Where the installation is looked up."""
    app.fake.workflow("acme/other")
    app.connection = replace(app.connection, extra={"app_id": 12, "private_key": PRIVATE_KEY})

    assert (
        "the GitHub App's installation for acme/other was not found: GitHub answered 404; check 'app_id', "
        "'installation_id' and the private key of connection 'github_default'"
    ) == app.run({**CONFIG, "repository": "acme/other"}).error.message


def test_a_connection_that_is_missing_is_named(cloud):
    """Where there is none of that id."""
    assert (
        "connection 'other' does not exist; create it in Airflow"
        == cloud.run({**CONFIG, "connection": "other"}).error.message
    )


def test_a_repository_whose_owner_nobody_names_is_refused(cloud):
    """Neither the item nor the connection."""
    assert (
        "the repository 'deployments' names no owner, and neither does connection 'github_default'; write "
        "'owner/name', or set 'owner' in the connection's extra"
    ) == cloud.run({**CONFIG, "repository": "deployments"}).error.message
