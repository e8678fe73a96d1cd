"""Settings come from Airflow's configuration, as text; what is not set has its default."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from catalog_compiler.settings import PaoSettings, SettingsError


def load(**options):
    """The settings of a section that holds these options."""
    return PaoSettings.load(options.get)


def test_the_key_alone_must_be_set():
    """Everything else has a default that is safe."""
    settings = load(fernet_key="k")

    assert "k" == settings.fernet_key
    assert "default" == settings.default_catalog
    assert settings.allow_private_addresses is False


@pytest.mark.parametrize("key", [None, ""])
def test_without_the_key_nothing_starts(key):
    """An empty option counts as not set."""
    with pytest.raises(SettingsError, match=r"\[pao\] fernet_key .*AIRFLOW__PAO__FERNET_KEY.* is not set; set it"):
        load(fernet_key=key)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("allow_private_addresses", "True", True),
        ("allow_private_addresses", "false", False),
        ("max_active_runs", "16", 16),
        ("max_body_bytes", "1024", 1024),
        ("max_file_bytes", "1024", 1024),
        ("catalog_ttl", "0", 0.0),
        ("watch_interval", "0.5", 0.5),
        ("organization", "", None),
        ("organization", "Example", "Example"),
        ("base_url", "", "http://localhost:8080"),
    ],
)
def test_options_are_read_as_their_type(name, text, expected):
    """They are environment variables as often as not."""
    assert expected == getattr(load(fernet_key="k", **{name: text}), name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("max_active_runs", "0"),
        ("max_active_runs", "many"),
        ("max_body_bytes", "-1"),
        ("max_file_bytes", "0"),
        ("catalog_ttl", "-1"),
        ("watch_interval", "0"),
        ("allow_private_addresses", "perhaps"),
        ("allowed_targets", "db.example:x"),
    ],
)
def test_a_wrong_option_is_named(name, text):
    """Nothing is guessed."""
    with pytest.raises(SettingsError, match=rf"\[pao\] {name} .* is wrong: "):
        load(fernet_key="k", **{name: text})


def test_a_wrong_entry_of_a_list_is_named():
    """The operator sees which of many it is."""
    with pytest.raises(
        SettingsError, match=r"\[pao\] allowed_targets .* is wrong: 'db:x' has 'x' where its port should"
    ):
        load(fernet_key="k", allowed_targets="a.example, db:x")


def test_actions_may_reach_what_is_set():
    """Nothing private by default."""
    address = ip_address("10.0.0.1")
    rules = [
        load(fernet_key="k", **options).address_rules
        for options in ({}, {"allow_private_addresses": "True"}, {"allowed_targets": "db.example"})
    ]

    assert [False, True, True] == [each.allows("db.example", 443, address) for each in rules]


def test_every_option_is_documented():
    """The description of each is its documentation."""
    assert [] == [name for name, field in PaoSettings.model_fields.items() if not field.description]


def test_an_action_type_gets_its_own_options_alone():
    """Those that are set, by the rest of their name; never the key."""
    settings = load(fernet_key="k", terraform_binary="tofu")

    assert {"binary": "tofu", "state_connection": "pao_terraform_state"} == settings.options_of("terraform")
    assert {} == settings.options_of("rest-api")


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("max_requests", "5"),
        ("max_requests_per_user", "5"),
        ("max_requests_per_item", "big=1"),
        ("max_requests_per_action_type", "rest-api=4"),
    ],
)
def test_each_limit_may_make_requests_wait(option, text):
    """A priority alone does not."""
    assert load(fernet_key="k", **{option: text}).limits_requests
    assert not load(fernet_key="k", queue_priorities="Batch=-1").limits_requests
