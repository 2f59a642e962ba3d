"""A Chromium with a profile on the disk: it can be killed at any moment, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, Page

from tests.support.waiting import eventually

# A container's root has no sandbox. A profile's keys are its own, and nothing is asked of anybody else.
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--password-store=basic", "--remote-debugging-port=0",
    "--window-size=1280,900", "about:blank",
)  # fmt: skip


class Profile:
    """A profile in a directory, and the Chromium that has it open.

    Attributes
    ----------
    name : str
        That of its directory.
    page : Page
        The one page of the Chromium that runs.
    """

    def __init__(self, browser_type: BrowserType, executable: str, directory: Path) -> None:
        self._browser_type = browser_type
        self._executable = executable
        self._directory = directory
        self.name = directory.name
        self._process: subprocess.Popen[bytes] | None = None
        self._browser: Browser | None = None
        self.page: Page

    def start(self) -> None:
        """Start Chromium with one empty page."""
        port = self._directory / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [self._executable, f"--user-data-dir={self._directory}", *ARGUMENTS],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        lines = eventually(lambda: port.read_text().split() if port.exists() else [])
        self._browser = self._browser_type.connect_over_cdp(f"http://127.0.0.1:{lines[0]}")
        self.page = self._browser.contexts[0].pages[0]

    def kill(self) -> None:
        """End Chromium as a power cut does, with all of its processes; nothing happens if none runs."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        if self._browser is not None:
            self._browser.close()
            self._browser = None
        # The lock of the killed one.
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self._directory / name).unlink(missing_ok=True)
