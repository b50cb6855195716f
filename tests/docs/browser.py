"""A browser for tests: headless Chromium, driven through its own protocol over two pipes; no package is needed.

The commands are those of the Chrome DevTools Protocol. With ``--remote-debugging-pipe`` the browser reads them from
file descriptor 3 and answers on 4, each message JSON with a NUL at its end.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",  # tests run as root in a container, where the browser has no sandbox of its own
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]
#: Seconds to wait for an answer: only a broken browser takes as long.
PATIENCE = 60

__all__ = ["Browser", "BrowserError", "find"]


class BrowserError(Exception):
    """The browser does not do what it was told."""


def find() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A page in a browser of its own.

    Args:
        program: the browser's path.
        profile: an empty directory for its profile.

    Attributes:
        problems: what the pages complained of: errors on the console, exceptions, requests that failed.
    """

    def __init__(self, program: str, profile: Path) -> None:
        self.problems: list[str] = []
        self._buffer = b""
        self._number = 0
        read_theirs, self._out = os.pipe()
        self._in, write_theirs = os.pipe()
        # High numbers first, so that making 3 and 4 of them cannot overwrite one of them.
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (read_theirs, write_theirs)]
        os.close(read_theirs)
        os.close(write_theirs)
        silent = os.open(os.devnull, os.O_RDWR)
        self._pid = os.posix_spawn(
            program,
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            {**os.environ, "HOME": str(profile)},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, silent, 1),
                (os.POSIX_SPAWN_DUP2, silent, 2),
                (os.POSIX_SPAWN_DUP2, theirs[0], 3),
                (os.POSIX_SPAWN_DUP2, theirs[1], 4),
            ],
            setpgroup=0,
        )
        for fd in (silent, *theirs):
            os.close(fd)
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser, with all its processes."""
        with contextlib.suppress(BrowserError, OSError):
            self._session = None
            self.call("Browser.close")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._in)
        os.close(self._out)

    # -- the protocol

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What the browser answers to a command.

        Raises:
            BrowserError: if it answers with an error, or not at all.
        """
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                result: dict[str, Any] = answer["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._in, 1 << 16) if ready else b""
            if not data:
                raise BrowserError("the browser has ended, or does not answer")
            self._buffer += data
        data, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(data)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, event: str, what: dict[str, Any]) -> None:
        if event == "Runtime.consoleAPICalled" and what["type"] in ("error", "assert", "warning"):
            self.problems.append("console: " + " ".join(str(arg.get("value", arg)) for arg in what["args"]))
        elif event == "Runtime.exceptionThrown":
            self.problems.append(f"exception: {what['exceptionDetails'].get('exception', what).get('description')}")
        elif event == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"log: {what['entry']['text']} {what['entry'].get('url', '')}")
        elif event == "Network.responseReceived" and what["response"]["status"] >= 400:
            self.problems.append(f"{what['response']['status']}: {what['response']['url']}")
        elif event == "Network.loadingFailed" and not what.get("canceled"):
            self.problems.append(f"not loaded: {what.get('errorText')}")
        elif event == "Network.requestWillBeSent" and not what["request"]["url"].startswith(
            ("http://127.0.0.1", "data:", "about:", "blob:")
        ):
            self.problems.append(f"a request to another machine: {what['request']['url']}")

    # -- the page

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Give the page a size in pixels, and the colours that its reader prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def go(self, url: str) -> None:
        """Open a page, and wait until it and all it needs have been loaded."""
        self.call("Page.navigate", url=url)
        self.wait(f"document.readyState == 'complete' && location.href.startsWith({json.dumps(url.partition('#')[0])})")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page.

        Raises:
            BrowserError: if it throws.
        """
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def wait(self, script: str) -> Any:
        """The value of an expression, as soon as it is true.

        Raises:
            BrowserError: if it does not become so.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(BrowserError):  # while the page changes there is nothing to ask
                found = self.run(script)
                if found:
                    return found
            time.sleep(0.02)
        raise BrowserError(f"waited in vain for {script}")

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Save a picture of the page as PNG; of all of it, or of what is to be seen without scrolling."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))
