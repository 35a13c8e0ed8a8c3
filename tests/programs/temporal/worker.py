"""A worker with workflows as people write them. It runs until its input ends.

`worker.py ADDRESS` prints `ready`, and then starts a workflow for each line that it reads: its type and its id.
"""

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "orders"
WAITING_ON = "inspector_waiting_on"
# Temporal waits no shorter before it tries again.
QUICKLY = RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=3)


@activity.defn
async def reserve(order: dict) -> dict:
    if activity.info().attempt == 1:
        raise ApplicationError("the stock is locked", type="Locked")
    return {"reserved": order["amount"]}


@activity.defn
async def charge(amount: int, card: str) -> None:
    raise ApplicationError(f"declined, token sk-live-{'x' * 24}", type="CardDeclined", non_retryable=True)


@workflow.defn
class Ship:
    @workflow.run
    async def run(self, where: str) -> str:
        return f"sent to {where}"


@workflow.defn
class Order:
    @workflow.run
    async def run(self) -> dict:
        stock = await workflow.execute_activity(
            reserve, {"amount": 3}, start_to_close_timeout=timedelta(seconds=10), retry_policy=QUICKLY
        )
        await workflow.sleep(timedelta(milliseconds=50))
        sent = await workflow.execute_child_workflow(Ship.run, "Rome", id=f"{workflow.info().workflow_id}/ship")
        return {**stock, "sent": sent}


@workflow.defn
class Broken:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(charge, args=[5, "visa"], start_to_close_timeout=timedelta(seconds=10))


@workflow.defn
class Endless:
    """Takes a signal and does not wait for it."""

    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(timedelta(days=3))

    @workflow.signal(description="does nothing")
    def nudge(self) -> None:
        pass


@workflow.defn
class Approval:
    """Tells by a memo what it waits for."""

    def __init__(self) -> None:
        self.answers = []

    @workflow.run
    async def run(self) -> list:
        workflow.set_current_details("asking for **approval**")
        workflow.upsert_memo({WAITING_ON: {"signal_name": "approval", "prompt": "Ship it?"}})
        await workflow.wait_condition(lambda: self.answers)
        workflow.upsert_memo({WAITING_ON: None})
        await workflow.sleep(timedelta(milliseconds=500))  # for a second answer, which must not come
        return self.answers

    @workflow.signal(description="yes or no")
    def approval(self, answer: dict) -> None:
        self.answers.append(answer)


@workflow.defn
class Asked:
    """Tells when it is asked what it waits for."""

    def __init__(self) -> None:
        self.name = None

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self.name is not None)
        return self.name

    @workflow.signal(name="name")
    def take(self, name: str) -> None:
        self.name = name

    @workflow.query(name=WAITING_ON)
    def waiting_on(self) -> dict | None:
        return {"signal_name": "name", "prompt": "Who is it for?"} if self.name is None else None


WORKFLOWS = {each.__name__: each for each in (Ship, Order, Broken, Endless, Approval, Asked)}


async def main(address: str) -> None:
    client = await Client.connect(address)
    worker = Worker(
        client, task_queue=QUEUE, workflows=list(WORKFLOWS.values()), activities=[reserve, charge],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            kind, name = line.split()
            await client.start_workflow(WORKFLOWS[kind].run, id=name, task_queue=QUEUE)


asyncio.run(main(sys.argv[1]))
