"""PAO's settings in the processes that host actions: read from Airflow's configuration."""

from __future__ import annotations

from airflow.configuration import conf

from catalog_compiler.settings import SECTION, PaoSettings


def pao_settings() -> PaoSettings:
    """The options of `[pao]`; raises SettingsError where one is wrong or the key is missing."""
    return PaoSettings.load(lambda name: conf.get(SECTION, name, fallback=None))
