"""The commands `pao triggerer` and `pao dag-processor`.

They look at Airflow's version before anything is imported that rests on it: where it was not reviewed, an import might
fail already, and Airflow's own command must run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from typing import cast

from pao_airflow.reviewed import is_reviewed, run_airflows_own


class TriggererCommand:
    """The subcommand of `pao`."""

    name = "triggerer"
    help = "run Airflow's triggerer for compiled DAGs"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Take what Airflow's own command takes most often."""
        parser.add_argument(
            "--capacity", type=int, help="how many triggers run at once; [triggerer] capacity if not given"
        )
        parser.add_argument("-s", "--skip-serve-logs", action="store_true", help="serve no logs over the network")

    def run(self, args: argparse.Namespace) -> int:
        """Run until a signal ends it."""
        if not is_reviewed():
            run_airflows_own(
                self.name,
                *_airflows_options(args),
                without="each action takes seconds longer, webhooks wake no action that waits, and it can come to a "
                "stop where very many requests start at once",
            )
        import_module("pao_airflow.triggerer").run(args.capacity, args.skip_serve_logs)
        return 0


class DagProcessorCommand:
    """The subcommand of `pao`."""

    name = "dag-processor"
    help = "run Airflow's DAG processor for catalog bundles"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Take the bundles to process, all of them by default."""
        parser.add_argument("-B", "--bundle-name", action="append", help="process this bundle alone; may be repeated")

    def run(self, args: argparse.Namespace) -> int:
        """Run until a signal ends it."""
        if not is_reviewed():
            run_airflows_own(
                self.name,
                *_airflows_options(args),
                without="what a commit changed waits for its turn to be parsed, and files of failed requests may be "
                "parsed again and again until it is restarted",
            )
        import_module("pao_airflow.dag_processor").run(args.bundle_name)
        return 0


def _airflows_options(args: argparse.Namespace) -> Iterator[str]:
    """The options as Airflow's command takes them: by the same names, and none that was not given."""
    for name, value in vars(args).items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            yield option
        elif value not in (None, False):
            for each in value if isinstance(value, list) else [value]:
                yield from (option, str(cast("object", each)))


triggerer = TriggererCommand()
dag_processor = DagProcessorCommand()
