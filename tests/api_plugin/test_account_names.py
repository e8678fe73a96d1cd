"""The log of the API server tells of accounts without telling whose they are."""

from __future__ import annotations

import importlib
import logging

import pytest
from airflow.providers.fab.auth_manager.models import User
from flask_appbuilder import const

from api_plugin.account_names import LOGGER, keep_names_out

ADA = User(id=7, first_name="Ada", last_name="Lovelace", username="ada")


@pytest.fixture
def log():
    """FAB's logger, as it is while the API runs."""
    keep_names_out()
    keep_names_out()
    logger = logging.getLogger(LOGGER)
    yield logger
    for each in list(logger.filters):
        logger.removeFilter(each)


def test_an_account_is_logged_by_its_number(log, caplog):
    """In the line that FAB writes at every sign-in; all else of it stays."""
    with caplog.at_level(logging.INFO, LOGGER):
        log.info(const.LOGMSG_INF_SEC_UPD_USER, ADA)
        log.info("%s of %s", "a", 2)
        log.info("no arguments")

    assert ["Updated user account 7", "a of 2", "no arguments"] == caplog.messages


def test_the_logger_is_that_of_fab():
    """By the module in which it writes these lines."""
    module = importlib.import_module(LOGGER)

    assert LOGGER == module.log.name
    assert "LOGMSG_INF_SEC_UPD_USER" in module.FabAirflowSecurityManagerOverride.update_user.__code__.co_names
