"""What docs/clients.md shows for Python: the snippets stand there word for word."""

# snippet: call
from agent_inspector_client import AuthenticatedClient
from agent_inspector_client.api.sessions import get_session, list_sessions
from agent_inspector_client.models import Problem, Session, SessionStatus


def connect(inspector: str, token: str) -> AuthenticatedClient:
    """`inspector` is the mount: `http://127.0.0.1:3000/_inspector`."""
    return AuthenticatedClient(base_url=inspector, token=token)


def failed(client: AuthenticatedClient) -> list[Session]:
    page = list_sessions.sync(client=client, status=[SessionStatus.FAILED], limit=10)
    return checked(page).sessions
# snippet end


# snippet: errors
class InspectorError(Exception):
    """What the inspector answered instead. `code` is for programs, `title` and `detail` are for people."""

    def __init__(self, problem: Problem):
        super().__init__(problem.title, problem.detail)
        self.problem = problem


def checked(answer):
    if isinstance(answer, Problem):
        raise InspectorError(answer)
    return answer


def find(client: AuthenticatedClient, id: str) -> Session | None:
    answer = get_session.sync(id, client=client)
    if isinstance(answer, Problem) and answer.code == "session_not_found":
        return None
    return checked(answer)
# snippet end


# snippet: paging
from collections.abc import Iterator

from agent_inspector_client.types import UNSET


def sessions(client: AuthenticatedClient, **query) -> Iterator[Session]:
    cursor = UNSET
    while True:
        page = checked(list_sessions.sync(client=client, cursor=cursor, **query))
        yield from page.sessions
        cursor = page.next_cursor
        if not cursor:
            return
# snippet end


# snippet: trace
import json

from agent_inspector_client.api.traces import get_trace
from agent_inspector_client.models import Span


def trace(client: AuthenticatedClient, id: str) -> dict[str, Span]:
    """The spans by their id: a span may stand on several lines, and the last one counts."""
    lines = checked(get_trace.sync(id, client=client)).payload
    spans = (Span.from_dict(json.loads(line)) for line in lines)
    return {span.span_id: span for span in spans}
# snippet end


# snippet: stream
import time

import httpx
from httpx_sse import connect_sse

# A sign of life comes every 15 seconds; after three of them are missing the connection is dead.
PATIENCE = httpx.Timeout(10, read=45)


def follow(client: AuthenticatedClient, after: int | None = None) -> Iterator[dict]:
    last = None if after is None else str(after)
    while True:
        headers = {} if last is None else {"Last-Event-ID": last}
        try:
            http = client.get_httpx_client()
            with connect_sse(http, "GET", "/events", headers=headers, timeout=PATIENCE) as stream:
                stream.response.raise_for_status()
                for message in stream.iter_sse():
                    last = message.id or last
                    # A message without data only says where the reader is.
                    if message.data:
                        event = json.loads(message.data)
                        if event["type"] == "Gap":
                            print(f"at most {event['at_most']} events were missed")
                        yield event
        except httpx.TransportError:
            pass
        time.sleep(2)
# snippet end
