"""PAO's settings in Airflow's processes: read from Airflow's configuration, once for each process."""

from __future__ import annotations

from functools import cache

from airflow.configuration import conf

from catalog_compiler.sealing import Sealer
from catalog_compiler.settings import SECTION, PaoSettings


@cache
def settings() -> PaoSettings:
    """The options of `[pao]`; raises SettingsError where one is wrong or the key is missing."""
    return PaoSettings.load(lambda name: conf.get(SECTION, name, fallback=None))


@cache
def sealer() -> Sealer:
    """Seals secret values with `[pao] fernet_key`."""
    return Sealer(settings().fernet_key)
