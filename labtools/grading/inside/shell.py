"""IPython without a kernel: cells run in this process, and what they show is kept as outputs."""

import base64
import io
import json
import re
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

#: Characters of text that one cell may show, and bytes that all its outputs may have.
TEXT_LIMIT = 40_000
CELL_LIMIT = 4_000_000

#: How the inline backend prints a figure: to crop it to its content would mean to lay it out twice.
FIGURES = {"bbox_inches": None}


class Outputs:
    """What the running cell has shown so far, in nbformat's form, up to a limit."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget what was shown; the next cell begins."""
        self.items: list[dict[str, Any]] = []
        self.cut = False
        self.clear_waits = False
        self._text = 0
        self._size = 0

    def add_text(self, name: str, text: str) -> None:
        """Add to the stream called `name`."""
        self._clear_if_waiting()
        room = TEXT_LIMIT - self._text
        if room <= 0:
            self.cut = self.cut or bool(text)
            return
        if len(text) > room:
            text, self.cut = text[:room], True
        self._text += len(text)
        last = self.items[-1] if self.items else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def add(self, item: dict[str, Any]) -> None:
        """Add an output other than a stream."""
        self._clear_if_waiting()
        item = {key: _plain(value) for key, value in item.items()}
        size = len(json.dumps(item))
        if self._size + size > CELL_LIMIT or len(self.items) >= 200:
            self.cut = True
            return
        self._size += size
        self.items.append(item)

    def clear_output(self, wait: bool) -> None:
        """`clear_output`, at once or when the next output comes."""
        self.clear_waits = wait
        if not wait:
            self.items, self._text, self._size = [], 0, 0

    def _clear_if_waiting(self) -> None:
        if self.clear_waits:
            self.clear_output(wait=False)

    def take(self) -> list[dict[str, Any]]:
        """Return the outputs and begin afresh."""
        for item in self.items:
            if item["output_type"] == "stream":
                item["text"] = "".join(item["text"])
        if self.cut:
            note = "\n[The rest of what this cell shows is left out.]\n"
            self.items.append({"output_type": "stream", "name": "stderr", "text": note})
        items = self.items
        self.clear()
        return items


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


class _Stream(io.TextIOBase):
    """What a cell sees as ``sys.stdout`` or ``sys.stderr``."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str, fd: int, outputs: Outputs) -> None:
        self.name = f"<{name}>"
        self._stream, self._fd, self._outputs = name, fd, outputs

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.add_text(self._stream, text)
        return len(text)

    def close(self) -> None:
        """A cell that closes it may go on writing."""

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True


class _Publisher(DisplayPublisher):
    outputs = AnyTrait()

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):
        name = (transient or {}).get("display_id")
        item = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
        if name is not None:
            if update:
                for old in self.outputs.items:
                    if old.get("display_id") == name:
                        old.update(data=_plain(data), metadata=_plain(metadata or {}))
                return
            item["display_id"] = str(name)
        self.outputs.add(item)

    def clear_output(self, wait=False):
        self.outputs.clear_output(wait)


class _Hook(DisplayHook):
    outputs = AnyTrait()

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        if not format_dict:  # what has shown itself
            return
        self.outputs.add(
            {
                "output_type": "execute_result",
                "data": format_dict,
                "metadata": md_dict or {},
                "execution_count": self.prompt_count,
            }
        )

    def finish_displayhook(self):
        self._is_active = False


#: What may be IPython's: a magic, a shell line, a question, a prompt, a call without brackets, and
#: the empty beginning of a cell, which it cuts off.
_SPECIAL = re.compile(r"^[ \t]*(?:[%!?,;/]|>>>|In \[)|\?[ \t]*$|=[ \t]*[%!]|\A\s", re.M)


class Shell(InteractiveShell):
    """The shell of a kernel, without the kernel."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    outputs = AnyTrait()
    #: What translates cells where none has changed that.
    translates = AnyTrait()
    #: Whether an error is worth its traceback, which takes longer than most cells.
    tells_errors = True

    def showtraceback(self, *arguments, **options):
        if self.tells_errors:
            super().showtraceback(*arguments, **options)

    def showsyntaxerror(self, *arguments, **options):
        if self.tells_errors:
            super().showsyntaxerror(*arguments, **options)

    def _format_exception_for_storage(self, *arguments, **options):
        # IPython's history, which nothing reads here, would keep a traceback of its own.
        return {}

    def transform_cell(self, raw_cell):
        """Translate IPython's syntax; a cell that has none is Python already.

        IPython reads a cell word by word several times, which takes longer than to run most of
        them, and seconds where a cell holds data.
        """
        if self.translates == self._translators() and not _SPECIAL.search(raw_cell):
            return raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
        return super().transform_cell(raw_cell)

    def _translators(self):
        """What translates cells; a cell may add to it."""
        manager = self.input_transformer_manager
        return [
            *manager.cleanup_transforms,
            *manager.line_transforms,
            *manager.token_transformers,
            *self.input_transformers_post,
        ]

    def _showtraceback(self, etype, evalue, stb):
        self.outputs.add(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype)),
                "evalue": str(evalue)[:2000],
                "traceback": [str(line)[:4000] for line in stb[-40:]],
            }
        )

    def ask_exit(self):
        """`exit` in a cell does not end the notebook here."""

    def enable_gui(self, gui=None):
        """No event loop: nobody clicks."""


def show_figures(shell: Shell, wanted: bool) -> None:
    """Show figures as pictures from now on, or leave them undrawn."""
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib.figure import Figure

    from .drawing import picture

    select_figure_formats(shell, set())
    if wanted:
        shell.display_formatter.formatters["image/png"].for_type(Figure, picture)


def new_shell() -> Shell:
    """Make the process's one shell and let it take over stdout and stderr."""
    outputs = Outputs()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    config.InteractiveShell.cache_size = 1000
    config.InlineBackend.print_figure_kwargs = FIGURES
    shell = Shell.instance(config=config, outputs=outputs)
    shell.translates = shell._translators()
    shell.display_pub.outputs = outputs
    shell.displayhook.outputs = outputs
    sys.stdout = _Stream("stdout", 1, outputs)
    sys.stderr = _Stream("stderr", 2, outputs)
    return shell
