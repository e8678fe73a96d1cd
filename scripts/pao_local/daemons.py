"""Which of Airflow's schedulers and triggerers a start has: one of each, the triggerer ours, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pao_local.errors import StartError

TRIGGERERS = ("pao", "airflow")
"""The commands that have a `triggerer`: ours, and Airflow's own."""
MOST = 9
"""Of one kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Daemons:
    """The schedulers and triggerers of a stack."""

    triggerers: tuple[str, ...] = ("pao",)
    """Each the command that it is the `triggerer` of."""
    schedulers: int = 1

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Daemons:
        """Read `TRIGGERERS`, such as `pao airflow`, and `SCHEDULERS`; raises `StartError` where one is not usable."""
        triggerers = tuple((environ.get("TRIGGERERS") or "pao").split())
        if not 1 <= len(triggerers) <= MOST or not set(triggerers) <= {*TRIGGERERS}:
            raise StartError(
                f"TRIGGERERS is {environ['TRIGGERERS']!r}; name each triggerer that is to run by its command, "
                "such as TRIGGERERS='pao airflow' for one of ours and one of Airflow's own"
            )
        schedulers = environ.get("SCHEDULERS") or "1"
        if schedulers not in {str(number) for number in range(1, MOST + 1)}:
            raise StartError(f"SCHEDULERS is {schedulers!r}; give a number from 1 to {MOST}, such as SCHEDULERS=2")
        return cls(triggerers=triggerers, schedulers=int(schedulers))

    def named_triggerers(self) -> Iterator[tuple[str, str]]:
        """The name of each triggerer's program, and its command."""
        for number, command in enumerate(self.triggerers, 1):
            yield _name("triggerer", number), command

    def named_schedulers(self) -> Iterator[str]:
        """The name of each scheduler's program."""
        for number in range(1, self.schedulers + 1):
            yield _name("scheduler", number)


def _name(program: str, number: int) -> str:
    return program if number == 1 else f"{program}-{number}"
