# SPDX-License-Identifier: GPL-2.0-or-later
"""
The live talk with a guest: reads what it sends as it comes, and does for it what only the host can, through QEMU's
monitor. The guest says `@@qmp {...}` and waits for one line: `ok`, or `error: ...`. A request may carry "wait", the name
of an event of which the answer waits too.
"""

import json
import select
import socket
import threading
import time
from pathlib import Path

WAIT = 20.0


class Channel:
    """Two sockets that QEMU connects to: the guest's results and its monitor."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._listening = {name: self._listen(name) for name in ("live", "monitor")}
        self._results = open(folder / "results", "wb")  # pylint: disable=consider-using-with
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stop = threading.Event()
        self._monitor = None
        self._events, self._buffer = [], b""

    def _listen(self, name: str) -> socket.socket:
        ret = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        ret.bind(str(self._folder / name))
        ret.listen(1)
        ret.settimeout(WAIT)
        return ret

    def options(self):
        """Of QEMU: what the second serial port leads to, and the monitor."""
        return ["-chardev", f"socket,id=results,path={self._folder / 'live'}",
                "-chardev", f"socket,id=monitor,path={self._folder / 'monitor'}", "-mon",
                "chardev=monitor,mode=control"]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        # The last bytes are in the socket when QEMU has gone; its end ends the thread.
        self._thread.join(WAIT)
        self._stop.set()
        for item in self._listening.values():
            item.close()
        self._results.close()

    def _serve(self) -> None:
        try:
            live, _ = self._listening["live"].accept()
            self._monitor, _ = self._listening["monitor"].accept()
        except OSError:
            return
        with live, self._monitor:
            pending = b""
            while not self._stop.is_set():
                ready, _, _ = select.select([live], [], [], 1.0)
                data = live.recv(65536) if ready else None
                if data == b"":
                    return
                if not data:
                    continue
                self._results.write(data)
                self._results.flush()
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    if line.startswith(b"@@qmp "):
                        live.sendall(self._answer(line[6:].decode("utf-8", "replace").strip()).encode() + b"\n")

    def _message(self, deadline: float):
        while b"\n" not in self._buffer:
            self._monitor.settimeout(max(0.1, deadline - time.monotonic()))
            data = self._monitor.recv(65536)
            if not data:
                raise OSError("the monitor is closed")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        message = json.loads(line)
        if "event" in message:
            self._events.append(message["event"])
        return message

    def _ask(self, request: dict, deadline: float) -> dict:
        self._monitor.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self._message(deadline)
            if "return" in message or "error" in message:
                return message

    def _answer(self, text: str) -> str:
        deadline = time.monotonic() + WAIT
        try:
            request = json.loads(text)
            event = request.pop("wait", "")
            self._ask({"execute": "qmp_capabilities"}, deadline)
            self._events.clear()
            got = self._ask(request, deadline)
            if "error" in got:
                return f"error: {got['error'].get('desc')}"
            while event and event not in self._events:
                self._message(deadline)
            return "ok"
        except (OSError, ValueError, TypeError, AttributeError) as error:
            return f"error: {type(error).__name__}: {error}"
