"""A repository's URL is never shown with how to sign in."""

from __future__ import annotations

import pytest

from catalog_compiler.airflow.repository_url import without_sign_in

SIGN_INS = {
    "https://ada:secret@git.example.com/c.git": "https://git.example.com/c.git",
    "https://secret@git.example.com/c.git": "https://git.example.com/c.git",
    "https://ada:se@cret@git.example.com:8443/c.git": "https://git.example.com:8443/c.git",
    "https://ada:sec/ret@git.example.com/c.git": "https://git.example.com/c.git",
    "ssh://git:secret@git.example.com:22/c.git": "ssh://git.example.com:22/c.git",
    "fatal: 'http://a:secret@h/x' and http://b:secret@h": "fatal: 'http://h/x' and http://h",
    "https://git.example.com:8443/@team/c.git": "https://git.example.com:8443/@team/c.git",
    "git@git.example.com:c.git": "git@git.example.com:c.git",
    "/srv/catalog@home": "/srv/catalog@home",
}


@pytest.mark.parametrize(("text", "shown"), SIGN_INS.items())
def test_no_text_shows_how_to_sign_in(text, shown):
    """What is no password in a URL stays as it is."""
    assert shown == without_sign_in(text)
