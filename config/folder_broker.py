"""
Messages as files of one folder, for the workers of one machine.

Kombu's own transport of this kind lets a worker read a file that is still being written, and stops it with the error;
and it moves files through the machine's folder for temporary ones. Here a file appears whole under its name, and is
taken by renaming it, which one of several workers can do.
"""

import contextlib
import json
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any, Final
from uuid import uuid4

from kombu.transport import filesystem

_MESSAGE: Final = ".msg"


class Channel(filesystem.Channel):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # Kombu's is
        self._folder = Path(self.transport_options["folder"])
        self._folder.mkdir(parents=True, exist_ok=True)

    @property
    def control_folder(self) -> Path:
        return self._folder / "control"

    @property
    def data_folder_in(self) -> Path:
        return self._folder

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]  # two names for it in Kombu
        name = f"{time_ns()}_{uuid4()}.{queue}"
        unfinished = self._folder / f"{name}.new"
        unfinished.write_text(json.dumps(payload))
        unfinished.rename(self._folder / f"{name}{_MESSAGE}")

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for waiting in sorted(self._folder.glob(f"*.{queue}{_MESSAGE}")):
            # Else another worker was faster.
            with contextlib.suppress(FileNotFoundError):
                taken = waiting.rename(waiting.with_suffix(".taken"))
                message: dict[str, Any] = json.loads(taken.read_text())
                taken.unlink()
                return message
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
