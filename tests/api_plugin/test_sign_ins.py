"""A caller is looked up once for many calls, and not for longer than was said."""

from __future__ import annotations

import asyncio

import pytest

from api_plugin import sign_ins
from api_plugin.sign_ins import SignIns


class RefusedError(Exception):
    pass


class Directory:
    """Who holds which credential; counts how often it was asked."""

    def __init__(self, **callers):
        self.callers = callers
        self.asked = 0

    def look_up(self, credential):
        async def find():
            self.asked += 1
            await asyncio.sleep(0)
            if credential not in self.callers:
                raise RefusedError
            return self.callers[credential]

        return find


async def sign_in(known, directory, credential):
    return await known.caller(credential, directory.look_up(credential))


def test_calls_at_the_same_time_share_one_look():
    """Fifty calls of one portal ask once, also while the first answer is still on its way."""

    async def scene():
        known, directory = SignIns(60), Directory(token="dana")
        found = await asyncio.gather(*(sign_in(known, directory, "token") for _ in range(50)))
        found.append(await sign_in(known, directory, "token"))
        return set(found), directory.asked

    assert ({"dana"}, 1) == asyncio.run(scene())


def test_everyone_is_who_they_are():
    """Another credential is another caller."""

    async def scene():
        known, directory = SignIns(60), Directory(one="dana", two="otto")
        return [await sign_in(known, directory, credential) for credential in ("one", "two", "one")]

    assert ["dana", "otto", "dana"] == asyncio.run(scene())


@pytest.mark.parametrize(("passed", "expected"), [(0.0, "dana"), (1.9, "dana"), (2.0, "gone"), (60.0, "gone")])
def test_what_changed_counts_when_the_time_is_over(monkeypatch, passed, expected):
    """A role taken away counts for two seconds at most."""
    clock = [100.0]
    monkeypatch.setattr(sign_ins.time, "monotonic", lambda: clock[0])

    async def scene():
        known, directory = SignIns(2), Directory(token="dana")
        await sign_in(known, directory, "token")
        directory.callers["token"] = "gone"
        clock[0] += passed
        return await sign_in(known, directory, "token")

    assert expected == asyncio.run(scene())


@pytest.mark.parametrize(("change", "expected"), [("otto", ["dana", "otto", 2]), (None, ["dana", "refused", 3])])
def test_who_calls_all_the_time_waits_once(monkeypatch, change, expected):
    """Asked again in the second half of the time, while the first answer still counts; then the second one does."""
    clock = [100.0]
    monkeypatch.setattr(sign_ins.time, "monotonic", lambda: clock[0])

    async def scene():
        known, directory = SignIns(2), Directory(token="dana")
        await sign_in(known, directory, "token")
        directory.callers = {"token": change} if change else {}
        clock[0] += 1.0
        found = [await sign_in(known, directory, "token")]
        for _ in range(3):
            await asyncio.sleep(0)
        try:
            found.append(await sign_in(known, directory, "token"))
        except RefusedError:
            found.append("refused")
        return [*found, directory.asked]

    assert expected == asyncio.run(scene())


def test_nothing_is_remembered_for_no_time():
    """With 0 seconds each call looks anew."""

    async def scene():
        known, directory = SignIns(0), Directory(token="dana")
        for _ in range(3):
            await sign_in(known, directory, "token")
        return directory.asked

    assert 3 == asyncio.run(scene())


def test_a_refusal_is_not_remembered():
    """Who was made a user a moment ago gets in at once."""

    async def scene():
        known, directory = SignIns(60), Directory()
        with pytest.raises(RefusedError):
            await sign_in(known, directory, "token")
        directory.callers["token"] = "dana"
        return await sign_in(known, directory, "token")

    assert "dana" == asyncio.run(scene())


def test_a_call_that_is_given_up_does_not_disturb_the_others():
    """The look goes on for who else waits for it."""

    async def scene():
        known, directory = SignIns(60), Directory(token="dana")
        first = asyncio.create_task(sign_in(known, directory, "token"))
        second = asyncio.create_task(sign_in(known, directory, "token"))
        await asyncio.sleep(0)
        first.cancel()
        return await second, directory.asked

    assert ("dana", 1) == asyncio.run(scene())


def test_memory_has_a_bound(monkeypatch):
    """Somebody who makes up credentials fills nothing."""
    monkeypatch.setattr(sign_ins, "MOST", 3)

    async def scene():
        known, directory = SignIns(60), Directory(**{f"token-{number}": number for number in range(10)})
        for number in range(10):
            await sign_in(known, directory, f"token-{number}")
        return len(known)

    assert asyncio.run(scene()) <= 3
