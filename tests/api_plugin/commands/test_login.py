"""`pao login` and `pao logout`: who is signed in where, kept where nobody else can read it."""

from __future__ import annotations

import io
import json
import stat

import pytest

from tests.api_plugin.commands.conftest import GOOD


@pytest.fixture
def typed(monkeypatch):
    """Lets standard input hold that."""

    def typing(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typing


def test_a_user_signs_in_by_password(pao, deployment, typed):
    """The password is read from standard input; the token is kept for this user alone, and is used from then on."""
    typed("sesame\n")

    status, out, _ = pao("login", deployment.url, "--username", "ada")

    assert 0 == status
    assert out.startswith(f"signed in at {deployment.url} as ada until ")
    file = pao.home / "pao" / "credentials.json"
    assert (0o600, 0o700) == tuple(stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent))
    assert "sesame" not in file.read_text()
    assert 0 == pao("catalog")[0]


def test_a_wrong_password_is_told(pao, deployment, typed):
    """And nothing is kept."""
    typed("simsim\n")

    assert (4, "", "pao login: the user or password is wrong\n") == pao("login", deployment.url, "--username", "ada")
    assert not (pao.home / "pao").exists()


def test_a_service_signs_in_by_a_key(pao, deployment, typed):
    """Which is tried at once, and never shown."""
    typed(f"{GOOD}\n")

    status, out, _ = pao("login", deployment.url, "--api-key", "--format", "json")

    assert (0, {"url", "user", "expires_at", "file"}) == (status, set(json.loads(out)))
    assert GOOD not in out


def test_a_wrong_key_is_told(pao, deployment, typed):
    """In the API's words."""
    typed("pao_wrong\n")

    status, _, err = pao("login", deployment.url, "--api-key")

    assert 4 == status
    assert "wrong, expired or revoked" in err


def test_an_expired_sign_in_says_what_to_do(pao, deployment, typed, monkeypatch):
    """Before anything is sent."""
    monkeypatch.setattr(deployment, "token", lambda: _expired(deployment))
    typed("sesame\n")
    pao("login", deployment.url, "--username", "ada")
    deployment.calls.clear()

    status, _, err = pao("catalog")

    said = f"pao catalog: the sign-in at {deployment.url} has expired; run 'pao login {deployment.url}' again\n"
    assert (4, said, []) == (status, err, deployment.calls)


def _expired(deployment):
    return type(deployment).token(deployment, -10)


def test_a_sign_in_that_the_server_no_longer_takes_says_what_to_do(pao, deployment):
    """Revoked, or of another database."""
    status, _, err = pao("catalog", PAO_URL=deployment.url, PAO_TOKEN="revoked")

    assert 4 == status
    assert f"run 'pao login {deployment.url}' again" in err


def test_nobody_is_signed_in_at_first(pao):
    """What to run is said."""
    said = "nobody is signed in; run 'pao login URL', for example 'pao login http://localhost:8080'"

    assert (4, "", f"pao catalog: {said}\n") == pao("catalog")


def test_a_token_is_sent_to_its_own_deployment_alone(pao, deployment, typed):
    """Another address needs a sign-in of its own."""
    typed("sesame\n")
    pao("login", deployment.url, "--username", "ada")

    status, _, err = pao("catalog", "--url", "http://127.0.0.1:9")

    assert (4, "pao catalog: nobody is signed in at http://127.0.0.1:9; run 'pao login http://127.0.0.1:9'\n") == (
        status,
        err,
    )


def test_signing_out_forgets_the_token(pao, deployment, typed):
    """And is done where it was done before."""
    typed("sesame\n")
    pao("login", deployment.url, "--username", "ada")

    assert (0, f"signed out at {deployment.url}\n", "") == pao("logout")
    assert (0, "nobody was signed in\n", "") == pao("logout")
    assert 4 == pao("catalog")[0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.com", "'ftp://example.com' is not the address of a deployment; write it as in http"),
        ("http://", "'http://' is not the address of a deployment"),
        ("http://ada:sesame@example.com", "leave the user and the password out of the address"),
    ],
)
def test_an_address_that_is_none_is_told(pao, typed, url, said):
    """Before a password is asked for."""
    status, _, err = pao("login", url, "--username", "ada")

    assert (2, True) == (status, said in err)


def test_an_api_that_is_away_is_one_sentence(pao, typed):
    """With what to check."""
    typed("sesame\n")

    status, out, err = pao("login", "http://127.0.0.1:9", "--username", "ada")

    assert (5, "", 1) == (status, out, len(err.splitlines()))
    assert err.startswith("pao login: POST /auth/token: the API can't be reached (")


def test_a_broken_file_says_what_to_do(pao):
    """Whoever wrote it."""
    file = pao.home / "pao" / "credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")

    assert (4, "", f"pao catalog: '{file}' is not what pao wrote; delete it, and sign in again\n") == pao("catalog")
