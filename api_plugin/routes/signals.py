"""`/webhooks`: other systems tell what became of what actions began there, so that those who wait know at once."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.utils.session import create_session
from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Response

from api_plugin.datamodels.webhooks import SignalAnswer
from api_plugin.documentation import problems
from api_plugin.webhooks.github_runs import GitHubRuns
from api_plugin.webhooks.jira_issues import JiraIssues
from api_plugin.webhooks.news import News, SignedNews
from api_plugin.webhooks.telling import tell

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_NOTHING: dict[int | str, dict[str, Any]] = {204: {"description": "Nothing that an action could wait for."}}
_CONNECTION = Path(pattern=r"^[A-Za-z0-9_.-]{1,200}$", description="The Airflow connection that tickets are made with.")


@router.post(
    "/github",
    status_code=202,
    response_model=SignalAnswer,
    summary="Take news of a workflow run from GitHub",
    responses=_NOTHING | problems(400, 401, 404, 409, 413, 415, 422, 503),
)
async def take_run(news: Annotated[News | None, Depends(SignedNews(GitHubRuns()))]) -> Any:
    """Wake the actions that wait for the run. Choose `application/json` and the event `Workflow runs`.

    Signed by `X-Hub-Signature-256`, with the password of the Airflow connection `pao_github_webhook`, as pushes to a
    catalog are. The same once more is refused with 409. Without this webhook actions look from time to time.
    """
    return await _answer(news)


@router.post(
    "/jira/{connection}",
    status_code=202,
    response_model=SignalAnswer,
    summary="Take news of an issue from Jira",
    responses=_NOTHING | problems(400, 401, 404, 413, 415, 422, 503),
)
async def take_issue(
    connection: Annotated[str, _CONNECTION],  # noqa: ARG001 - read from the path by the dependency
    news: Annotated[News | None, Depends(SignedNews(JiraIssues()))],
) -> Any:
    """Wake the actions that wait for the ticket. For Cloud and Data Center; choose issue updated and issue deleted.

    Signed by `X-Hub-Signature`, with the password of the Airflow connection `<connection>_webhook`. The same once more
    is answered with 204 and does nothing. Without this webhook actions look from time to time.
    """
    return await _answer(news)


async def _answer(news: News | None) -> Response | SignalAnswer:
    names = await to_thread.run_sync(_tell, news) if news else ()
    return SignalAnswer(signals=list(names)) if names else Response(status_code=204)


def _tell(news: News) -> tuple[str, ...]:
    with create_session(scoped=False) as session:
        names = tell(session, news)
        session.commit()
    return names
