"""Lists of requests: who sees which, how they are narrowed down, and how one turns pages."""

from __future__ import annotations

import pytest

from tests.live.items import item, scripted_call
from tests.live.portal import Portal

COUNT = 5
ITEM = "listed"
ITEMS = (item(ITEM, scripted_call("make", "/listed"), owner="platform-lists"),)


@pytest.fixture(scope="module")
def ids(developer: Portal, portals: dict[str, Portal]) -> list[str]:
    """Requests of the developer, the newest first, each ended; and one of a colleague, which is none of theirs."""
    portals["colleague"].submit(ITEM, "of-a-colleague")
    made = [developer.submit(ITEM, f"listed-{number}") for number in range(COUNT)]
    for request_id in made:
        developer.ended(request_id)
    return made[::-1]


def listed(portal: Portal, **query) -> list[str]:
    return [each["id"] for each in portal.get("/requests", item_id=ITEM, **query)["items"]]


def test_one_sees_one_s_own_and_an_operator_all(ids, developer: Portal, portals: dict[str, Portal]):
    """The newest first; other people's requests are for operators."""
    assert ids == listed(developer)
    assert COUNT + 1 == len(listed(portals["operator"]))
    assert 1 == len(listed(portals["colleague"]))


def test_filters_narrow_a_list_down(ids, developer: Portal, portals: dict[str, Portal]):
    """By status, requester, owner and time of submission, all of them together."""
    operator = portals["operator"]
    middle = developer.request(ids[2])["timeline"][0]["at"]

    assert ids == listed(operator, user="developer@example.com", owner="platform-lists", status="completed")
    assert [] == listed(operator, owner="somebody-else")
    assert [] == listed(developer, status="failed")
    assert ids[:2] == listed(developer, created_after=middle)
    assert ids[3:] == listed(developer, created_before=middle)


def test_pages_are_stable_while_requests_come_in(ids, developer: Portal):
    """A cursor goes on after the last request that was shown, whatever came in since; null at the end."""
    first = developer.get("/requests", item_id=ITEM, limit=2)
    newcomer = developer.submit(ITEM, "newcomer")
    second = developer.get("/requests", item_id=ITEM, limit=2, cursor=first["next_cursor"])
    third = developer.get("/requests", item_id=ITEM, limit=2, cursor=second["next_cursor"])
    developer.ended(newcomer)

    assert ids == [each["id"] for page in (first, second, third) for each in page["items"]]
    assert third["next_cursor"] is None


@pytest.mark.parametrize("query", [{"cursor": "nonsense"}, {"limit": 0}, {"limit": 201}, {"status": "lost"}])
def test_a_query_that_makes_no_sense_is_refused(developer: Portal, query):
    """Bad parameters are a problem, never a guess."""
    answer = developer.http.get("/api/v1/requests", params=query)

    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
