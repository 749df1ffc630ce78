"""Chromium for tests: shows a page on a screen of some size, asks it, clicks and types, without any driver."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

CHROMIUM = shutil.which("chromium")
COMMAND = (
    *(CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--remote-debugging-pipe",
)
MOST_SECONDS = 60  # for a browser to start


def starts(profile: Path) -> bool:
    """Tell whether the browser can be run at all, which a sandbox may forbid."""
    command = [*COMMAND[:-1], f"--user-data-dir={profile}", "--dump-dom", "about:blank"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0 and b"<html" in result.stdout


class Browser:
    """Chromium, spoken to in its DevTools protocol: JSON with a zero byte behind, over two pipes (its fd 3 and 4)."""

    def __init__(self, profile: Path) -> None:
        its_input, self._input = os.pipe()
        self._output, its_output = os.pipe()
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", *COMMAND, f"--user-data-dir={profile}"],
            pass_fds=(its_input, its_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_input)
        os.close(its_output)
        self._received = b""
        self._number = 0
        self._session: dict[str, str] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = {}
        self.call("Browser.close")
        try:
            self._process.wait(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        os.close(self._input)
        os.close(self._output)

    def call(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _receive(self) -> dict:
        while b"\0" not in self._received:
            assert select.select([self._output], [], [], 60)[0], "chromium does not answer"
            part = os.read(self._output, 1 << 16)
            assert part, "chromium is gone"
            self._received += part
        message, _, self._received = self._received.partition(b"\0")
        event = json.loads(message)
        if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(event["params"]))
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])
        return event

    def open(self, path: Path, width: int, height: int, dark: bool = False, scripts: bool = True) -> None:
        """Show a page on a screen of so many CSS pixels; return once it is loaded."""
        self.complaints.clear()
        self.requests.clear()
        is_phone = width < 500
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=path.as_uri())
        for _ in range(200):
            if self.ask(f"document.readyState == 'complete' && location.href == '{path.as_uri()}'"):
                return
            time.sleep(0.05)
        raise AssertionError("the page does not load")

    def ask(self, expression: str) -> object:
        """Return the value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def click(self, selector: str) -> None:
        """Click where an element is, as a mouse does."""
        script = (
            f"(() => {{ const element = document.querySelector({json.dumps(selector)}); "
            "element.scrollIntoView({block: 'center'}); const box = element.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        x, y = self.ask(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press a key, Enter or Tab, as a keyboard does."""
        code, text = {"Enter": (13, "\r"), "Tab": (9, "")}[key]
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="rawKeyDown", **named)
        if text:
            self.call("Input.dispatchKeyEvent", type="char", text=text, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def screenshot(self, path: Path) -> None:
        """Save what the whole page looks like."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))
