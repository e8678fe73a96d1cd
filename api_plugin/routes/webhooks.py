"""`/catalog/webhooks`: git hosts tell that something was pushed, so that it need not wait for the next look."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.utils.session import create_session
from anyio import to_thread
from fastapi import APIRouter, Depends, Response

from api_plugin.datamodels.webhooks import WebhookAnswer
from api_plugin.documentation import problems
from api_plugin.webhooks.bitbucket import Bitbucket
from api_plugin.webhooks.deliveries import Delivery, SignedDelivery
from api_plugin.webhooks.github import GitHub
from api_plugin.webhooks.gitlab import GitLab
from api_plugin.webhooks.taking import take_push

router = APIRouter(prefix="/catalog/webhooks", tags=["catalog"])

_ANSWERS: dict[int | str, dict[str, Any]] = {
    204: {"description": "Nothing to do: not a push, or to nothing that a catalog follows."},
    **problems(400, 401, 404, 409, 413, 415, 422, 503),
}


@router.post(
    "/github", status_code=202, response_model=WebhookAnswer, summary="Take a push from GitHub", responses=_ANSWERS
)
async def take_github(delivery: Annotated[Delivery | None, Depends(SignedDelivery(GitHub()))]) -> Any:
    """Have the catalogs that follow the pushed branch or tag refreshed. Choose `application/json` and the push event.

    Signed by `X-Hub-Signature-256`, with the password of the Airflow connection `pao_github_webhook`. A delivery that
    was taken is refused with 409 when it comes again; one that failed may be redelivered.
    """
    return await _answer(delivery)


@router.post(
    "/gitlab", status_code=202, response_model=WebhookAnswer, summary="Take a push from GitLab", responses=_ANSWERS
)
async def take_gitlab(delivery: Annotated[Delivery | None, Depends(SignedDelivery(GitLab()))]) -> Any:
    """Have the catalogs that follow the pushed branch or tag refreshed. Choose push events and tag push events.

    The password of the Airflow connection `pao_gitlab_webhook` is the webhook's secret token, or, where it begins with
    `whsec_`, its signing token. A delivery that was taken is refused with 409 when it comes again.
    """
    return await _answer(delivery)


@router.post(
    "/bitbucket",
    status_code=202,
    response_model=WebhookAnswer,
    summary="Take a push from Bitbucket",
    responses=_ANSWERS,
)
async def take_bitbucket(delivery: Annotated[Delivery | None, Depends(SignedDelivery(Bitbucket()))]) -> Any:
    """Have the catalogs that follow the pushed branch or tag refreshed. For Cloud and Data Center; choose push events.

    Signed by `X-Hub-Signature`, with the password of the Airflow connection `pao_bitbucket_webhook`. A delivery that
    was taken is refused with 409 when it comes again; one that failed may be sent again. The `Test connection` of Data
    Center, which it does not sign, is answered with 204.
    """
    return await _answer(delivery)


async def _answer(delivery: Delivery | None) -> Response | WebhookAnswer:
    catalogs = await to_thread.run_sync(_take, delivery) if delivery else []
    return WebhookAnswer(catalogs=catalogs) if catalogs else Response(status_code=204)


def _take(delivery: Delivery) -> list[str]:
    with create_session(scoped=False) as session:
        catalogs = take_push(session, delivery)
        session.commit()
    return catalogs
