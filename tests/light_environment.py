"""An environment as a catalog repository's CI has it: the package and what it needs, no extras, no Airflow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"
PARTS = ("pyproject.toml", "README.md", "LICENSE", "catalog_compiler", "plugins", "api_plugin")


def light_environment(folder: Path) -> Path:
    """A virtual environment below `folder` with nothing but the package and what it needs."""
    # A copy, since building writes beside the sources.
    for part in PARTS:
        source, target = ROOT / part, folder / "source" / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    made = folder / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, made)
    install(made, folder / "source")
    return made


def install(environment: Path, *packages: object) -> None:
    """Install packages, at the versions that the project pins."""
    pins = [part for name in ("requirements.txt", "requirements-dev.txt") for part in ("--constraint", ROOT / name)]
    command = [UV, "pip", "install", "--quiet", "--python", environment, *pins]
    # From uv's cache, which holds these versions wherever uv installed the tests; only a cold one asks the index.
    if run(*command, "--offline", *packages, check=False).returncode:
        run(*command, *packages)


def run(
    *command: object, check: bool = True, cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in the example catalog, or elsewhere, with more in its environment."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd or ROOT / "examples" / "catalog",
        env={**os.environ, **environ},
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def pao(environment: Path, *arguments: object, status: int = 0) -> str:
    """What `pao` prints there."""
    done = run(environment / "bin" / "pao", *arguments, check=False)
    assert status == done.returncode, done.stderr
    return done.stdout
