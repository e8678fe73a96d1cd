"""What can't be installed is told in a sentence, and what is there is used again."""

from __future__ import annotations

import contextlib

import pytest

from bench.peers.engine import NotInstallableError, Peer
from bench.peers.installing import install, install_from_npm


def peer(installing, version="1.0"):
    """One of that version, installed by that function."""
    return Peer(name="Peer", version=version, folder="peer", install=installing, running=contextlib.nullcontext)


def test_the_same_version_is_installed_once(tmp_path):
    """Another one replaces it, with nothing of the old one left."""
    installed = []

    def installing(folder):
        installed.append(sorted(path.name for path in folder.iterdir()))
        (folder / "package").touch()

    for version in ("1.0", "1.0", "2.0"):
        assert tmp_path / "peer" == install(peer(installing, version), tmp_path)

    assert [[], []] == installed


def test_what_was_left_half_installed_is_installed_anew(tmp_path):
    """A stopped installation leaves no stamp."""

    def stopped(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(peer(stopped), tmp_path)
    folder = install(peer(lambda folder: (folder / "whole").touch()), tmp_path)

    assert ["installed.json", "whole"] == sorted(path.name for path in folder.iterdir())


@pytest.mark.timeout(60)
def test_a_registry_that_does_not_have_it_is_told_with_its_words(tmp_path, monkeypatch):
    """As npm gives them; here they come from a program in its place, since no registry is asked."""
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'no such version'\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(NotInstallableError, match=r"^node@0 can't be installed; npm said:\n\nno such version"):
        install_from_npm(tmp_path, "n8n@0", node="node@0")


def test_a_missing_installer_is_named(tmp_path, monkeypatch):
    """A machine without Node has no npm."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotInstallableError, match=r"^node@0 can't be installed: npm is not on the PATH$"):
        install_from_npm(tmp_path, "n8n@0", node="node@0")
