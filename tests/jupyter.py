"""A Jupyter server of our own, with its own folders: nothing of the user's is read or written."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.chromium import chromium_path

#: True in the page once the kernel of its notebook waits for work.
IDLE = "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class JupyterServer:
    """JupyterLab 4 and Notebook 7 on one server, as a context manager.

    Parameters
    ----------
    folder : Path
        An empty folder; the notebooks are in its subfolder ``work``.
    """

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        self.runtime = folder / "runtime"
        settings = folder / "settings"
        self._write(settings, "notebook-extension/tracker", {"windowingMode": "none"})
        self._write(
            settings,
            "apputils-extension/notification",
            {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
        )
        self.environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.log = folder / "server.log"

    @staticmethod
    def _write(settings: Path, name: str, values: dict) -> None:
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")

    def __enter__(self) -> JupyterServer:
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            f"--ServerApp.port={self.url.rpartition(':')[2]}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.work}",
            "--IdentityProvider.token=",
            "--ServerApp.disable_check_xsrf=True",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        # Generous: a machine that is busy with other tests takes a minute to import JupyterLab.
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            try:
                self.get("/api/status")
                return self
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.2)
        self.__exit__()
        raise RuntimeError(f"the Jupyter server did not start:\n{self.log.read_text()[-2000:]}")

    def __exit__(self, *error) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(OSError):  # it may never have answered
                self.shut_kernels_down()
            self._process.terminate()
            try:
                # Now and then it hangs in an extension's end; all that it holds is temporary.
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def get(self, path: str):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def kernels(self) -> list[str]:
        """The ids of the kernels that run."""
        return [kernel["id"] for kernel in self.get("/api/kernels")]

    def shut_kernels_down(self) -> None:
        for session in self.get("/api/sessions"):
            request = urllib.request.Request(
                f"{self.url}/api/sessions/{session['id']}", method="DELETE"
            )
            urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One Jupyter server for all tests of a worker that open notebooks in a browser."""
    if chromium_path() is None:  # then they are skipped, or fail in CI
        yield None
        return
    with JupyterServer(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


def open_notebook(open_page, server, name: str, place: str = "lab/tree"):
    # `reset` keeps JupyterLab from opening the notebooks of the test before.
    page = open_page(f"{server.url}/{place}/{name}?reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length")
    page.wait_for_function("window.jupyterapp.restored.then(() => true)")
    page.wait_for_function("window.jupyterapp.shell.currentWidget.context.isReady")
    # Other extensions that are installed here complain while Notebook 7 starts. What a saved
    # figure complains of as it comes alive stays.
    page.complaints[:] = [one for one in page.complaints if not one.is_of_jupyter]
    return page


def command(page, name: str, seconds: float = 300) -> None:
    """Run one of JupyterLab's commands to its end.

    Of itself Playwright would wait forever for what a page computes.
    """
    page.evaluate(
        """([name, seconds]) => Promise.race([
          window.jupyterapp.commands.execute(name),
          new Promise((_, refuse) => setTimeout(
            () => refuse(new Error(`${name} took more than ${seconds} s`)), 1000 * seconds)),
        ]).then(() => null)""",
        [name, seconds],
    )


def run_all(page) -> None:
    page.wait_for_function(IDLE)
    command(page, "notebook:run-all-cells")
    # Prompts say when a run has ended: "[*]:" while it goes on, a number afterwards.
    page.wait_for_function(
        """() => { const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
          return prompts.length && prompts.every(one => /\\d/.test(one.textContent)); }"""
    )
    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0, errors.all_inner_texts()


def save(page) -> None:
    command(page, "docmanager:save")


def reopen_without_kernel(open_page, server, page, place: str = "lab/tree"):
    """Close the page, open its notebook again and take away the kernel that this starts."""
    name = page.evaluate("window.jupyterapp.shell.currentWidget.context.path")
    page.close()
    server.shut_kernels_down()
    page = open_notebook(open_page, server, name, place)
    page.wait_for_function(IDLE)
    server.shut_kernels_down()
    assert server.kernels() == []
    return page
