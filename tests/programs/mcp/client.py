"""A client of the official Python SDK: lists the tools of the server at an address, and calls them. In a revision of the
protocol that is older than the newest when the second argument is `legacy`."""

import asyncio
import json
import sys

from mcp import types
from mcp.client import Client


async def agree(_context, _params):
    return types.ElicitResult(action="accept", content={"agreed": True})


async def main(address, mode):
    me = types.Implementation(name="python-client", version="1")
    async with Client(address, mode=mode, client_info=me, elicitation_callback=agree) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        texts = []
        for tool, given in [("add", {"a": 1, "b": 2}), ("divide", {"a": 1, "b": 0}), ("forget", {})]:
            texts.append((await client.call_tool(tool, given)).content[0].text)
        print(json.dumps({"version": client.protocol_version, "tools": tools, "texts": texts}))


asyncio.run(main(*sys.argv[1:]))
