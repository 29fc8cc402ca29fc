"""Reads the setting that says how workers are called. Imported by the settings: no Django here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

# How often a worker looks into the folder.
_SECONDS_TO_LOOK: Final = 0.2


class Broker(NamedTuple):
    """How Celery reaches what carries the messages, and the kind of queue to have there."""

    url: str
    options: Mapping[str, object]
    queue_type: str = "classic"


def broker_of(url: str, *, root: Path) -> Broker:
    """
    Return the broker of an address: RabbitMQ (`amqp://user:password@host:5672/vhost`), or a folder.

    The folder serves one machine: `filesystem://` and its path, from `root` on where it is relative. `memory://` serves
    one process, which is for tests. Raise ValueError for another kind of address.
    """
    kind, _separator, place = url.partition("://")
    if kind == "filesystem":
        folder = root / (place or "var/broker")
        options = {"folder": str(folder), "polling_interval": _SECONDS_TO_LOOK}
        return Broker("filesystem://localhost", options)
    if kind in ("amqp", "amqps"):
        # What is confirmed is on the disks of most machines of the cluster.
        return Broker(url, {"confirm_publish": True}, queue_type="quorum")
    if kind == "memory":
        return Broker(url, {})
    raise ValueError("BROKER_URL must read amqp://user:password@host:5672/vhost, amqps://… or filesystem://folder")
