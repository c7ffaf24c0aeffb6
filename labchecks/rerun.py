"""Running a practice's code once more, changed or not, and leaving no trace in the notebook.

The code runs in the notebook's own namespace, because functions of other cells look their names up
there; but each run is given copies of what it touches, and afterwards all names are what they were.
"""

import ast
import contextlib
import copy
import dis
import gc
import inspect
import io
import re
import sys
import time
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from labchecks.ask import CALLED
from labchecks.ask import call as calls
from labchecks.ask.call import call, can_stop, time_limit
from labchecks.registry import Answer, Case, Practice

#: Whatever begins with one of these shows or checks something, and computes no answer.
SHOWS = frozenset({"print", "display", "plt", "fig", "ax", "axes", "check", "progress"})

#: Packages that touch neither files nor the network, but for the names below.
HARMLESS = frozenset(
    "__future__ __main__ _collections _functools _operator _random abc builtins collections "
    "contextlib copy dataclasses decimal enum fractions functools itertools labhelpers math "
    "matplotlib mpl_toolkits numbers numpy operator random scipy sklearn statistics time torch "
    "tqdm types typing warnings".split()
)

#: Functions of Python, IPython and the course that may do anything, by their names.
COMMANDS = frozenset(
    "open input exec eval compile __import__ get_ipython breakpoint globals vars setattr "
    "delattr exit quit check progress".split()
)

#: Functions of PyTorch and NumPy that end the process, or never return whatever the time limit,
#: where a changed program hands them infinity or nan.
CRASHING = frozenset({"eig", "eigvals", "lstsq", "pinv", "svd"})

#: Names, attributes and arguments that may reach a file, the network, a process or a setting.
HARMFUL = CRASHING.union(
    "save savefig savetxt savez savez_compressed tofile memmap dump write writelines "
    "write_text write_bytes Path pathlib imsave SummaryWriter add_scalar download urlopen hub "
    "onnx distributed multiprocessing num_workers rcParams style set_default_device "
    "set_num_threads fetch_openml system popen".split()
)

#: What makes a source of random numbers.
GENERATORS = frozenset("default_rng Generator RandomState Random DataLoader".split())

#: Seconds of processor time that copying what a run touches may take.
COPYING = 0.05

_CONSTANT = (type(None), bool, int, float, complex, str, bytes, type, types.ModuleType)


def cell_of(practice: Practice, namespace: Mapping[str, object]) -> str | None:
    """The cell run last that gives the practice's names a value; None if there is none.

    It is looked for in IPython's history, which the notebook's namespace holds.
    """
    history = namespace.get("_ih", namespace.get("In"))
    if not isinstance(history, list):
        return None
    for cell in reversed(history[-500:]):
        with contextlib.suppress(SyntaxError, ValueError, TypeError, RecursionError):
            if not set(practice.names).isdisjoint(_bound(ast.parse(cell))):
                return cell
    return None


def _bound(tree: ast.AST) -> Iterator[str]:
    """Names that a cell gives a value to, outside its functions; by an import does not count."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.Lambda):
            yield from _bound(node)


def essential(practice: Practice, source: str) -> str:
    """The cell without the lines that only show or try out the answer; line numbers are kept."""
    called = practice.question[0] in CALLED
    lines, body = source.split("\n"), ast.parse(source).body
    beside = [one for one in body if _is_beside(one, called, set(practice.names))]
    # A line is kept as a whole.
    kept = {line for one in body if one not in beside for line in _lines_of(one)}
    for line in {line for one in beside for line in _lines_of(one)} - kept:
        lines[line - 1] = ""
    return "\n".join(lines)


def _lines_of(statement: ast.stmt) -> range:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return range(first, statement.end_lineno + 1)


def _is_beside(statement: ast.stmt, called: bool, names: set[str]) -> bool:
    """Whether a statement shows or tries out the answer; `called` as in :data:`CALLED`."""
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Assert):
        return True
    if isinstance(statement, ast.Expr):
        return called or not isinstance(value, ast.Call) or _root(value) in SHOWS
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        # A try of the function that was just written, or new axes.
        named = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id in names]
        tried = called and named and all(isinstance(n.ctx, ast.Load) for n in named)
        return bool(tried) or (isinstance(value, ast.Call) and _root(value) in SHOWS)
    return called and isinstance(statement, (ast.For, ast.While, ast.With, ast.AugAssign))


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = getattr(node, "func", None) or node.value
    return node.id if isinstance(node, ast.Name) else ""


# What code touches -----------------------------------------------------------------------------


def touched(source: str, namespace: Mapping[str, object]) -> dict[str, Any] | None:
    """What of the notebook's names the code leads to, through functions of other cells too.

    None where running it once more may change anything else: a file, a figure, a function's state.
    """
    left = [_words_of_source(source)]
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot and pyplot.get_fignums() and not SHOWS.isdisjoint(left[0][0]):
        return None  # it would draw into a figure of the student's
    found: dict[str, Any] = {}
    while left:
        words, called, modules = left.pop()
        if not all(map(_harmless_word, words)) or not COMMANDS.isdisjoint(called):
            return None
        if not all(map(_harmless_module, modules)):
            return None
        for name in words & namespace.keys() - found.keys():
            if not name.startswith("_"):
                value = found[name] = namespace[name]
                functions = [*_functions(value, namespace), *_functions(type(value), namespace)]
                if not (_harmless_value(value) and all(map(_is_stateless, functions))):
                    return None
                left += [_words(function.__code__) for function in functions]
    return found


#: Names, attributes and keywords; those of them that are looked up as names; imported modules.
Words = tuple[set[str], set[str], set[str]]


def _words_of_source(source: str) -> Words:
    """The words of a program that will be changed: what stands under `if False` may run then."""
    nodes = list(ast.walk(ast.parse(source)))
    words = (getattr(node, name, None) for node in nodes for name in ("id", "attr", "arg", "name"))
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    imports = (node.names for node in nodes if isinstance(node, ast.Import))
    return (
        {word for word in words if isinstance(word, str)},
        {node.id for node in nodes if isinstance(node, ast.Name)},
        modules.union(alias.name for names in imports for alias in names),
    )


def _words(code: types.CodeType) -> Words:
    """The words of a function, which runs as it is."""
    words, called, modules = set(code.co_names), set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in LOOKING_UP:
            called.add(instruction.argval)
        elif instruction.opname == "IMPORT_NAME":
            modules.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = _words(constant)
            words, called, modules = words | inner[0], called | inner[1], modules | inner[2]
        elif isinstance(constant, tuple):  # of keywords, maybe
            words.update(one for one in constant if isinstance(one, str))
    return words, called, modules


LOOKING_UP = ("LOAD_GLOBAL", "LOAD_NAME")


def looks_up(code: types.CodeType, names: frozenset[str]) -> bool:
    """Whether code looks up one of the names outside its functions."""
    # A look at each instruction takes longer than many a run.
    return (
        not names.isdisjoint(code.co_names)
        and any(i.opname in LOOKING_UP and i.argval in names for i in dis.get_instructions(code))
    ) or any(looks_up(one, names) for one in code.co_consts if isinstance(one, types.CodeType))


def _harmless_word(word: str) -> bool:
    dunder = word.startswith("__") and word not in ("__init__", "__call__", "__len__", "__name__")
    return word not in HARMFUL and not dunder


def _harmless_module(name: str | None) -> bool:
    parts = (name or "").split(".")
    return parts[0] in ("", *HARMLESS) and HARMFUL.isdisjoint(parts) and "tensorboard" not in parts


def _harmless_value(value: object) -> bool:
    if isinstance(value, types.ModuleType):
        return _harmless_module(value.__name__)
    if getattr(value, "num_workers", 0):
        return False  # each would be a process of its own
    kind = value if isinstance(value, (type, types.FunctionType)) else type(value)
    owner = getattr(value, "__module__", None)
    if callable(value) and isinstance(owner, str) and not _harmless_module(owner):
        return False
    return _harmless_module(kind.__module__)


def _functions(value: object, namespace: Mapping[str, object]) -> list[types.FunctionType]:
    """The function itself, or those of a class, where they are the notebook's own."""
    own = [value] if isinstance(value, types.FunctionType) else []
    if isinstance(value, type) and value.__module__ == namespace.get("__name__", "__main__"):
        own = [inspect.unwrap(v) for v in vars(value).values() if inspect.isfunction(v)]
    return [function for function in own if function.__globals__ is namespace]


def _is_stateless(function: types.FunctionType) -> bool:
    kept = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # an empty cell
            kept.append(cell.cell_contents)
    # Of a method the cell holds its class, for `super()`.
    return all(isinstance(value, (*_CONSTANT, tuple)) for value in kept)


# Running ---------------------------------------------------------------------------------------


class Rerun:
    """Runs of changed programs, one after another, each from the same state.

    Parameters
    ----------
    practice : Practice
        Whose question is asked.
    namespace : dict
        The notebook's names.
    source : str
        What was run, as :func:`essential` gives it; every program touches what it touches.
    reached : dict
        What that is, as :func:`touched` gives it.
    """

    def __init__(
        self,
        practice: Practice,
        namespace: MutableMapping[str, Any],
        source: str,
        reached: Mapping[str, Any],
    ):
        self.practice, self.namespace = practice, namespace
        self.before = dict(namespace)
        self.shared: dict[str, Any] = {}
        self.missing: list[str] = []
        started = time.thread_time()
        for name, value in reached.items():
            if not isinstance(value, (*_CONSTANT, types.FunctionType, types.BuiltinFunctionType)):
                try:
                    copy.deepcopy(value)
                    self.shared[name] = value
                except Exception:  # such as a loss with its graph, which a run makes itself
                    self.missing.append(name)
        if time.thread_time() - started > COPYING:
            raise TimeoutError("copying what the code touches takes too long")
        self.plain = _plain_tensors(self.shared.values())
        kinds = (kind.__name__ for value in reached.values() for kind in type(value).__mro__)
        #: Whether a second run of the same program may draw other random numbers; of the first
        #: program that runs, the student's own, it is seen.
        self.drew = not GENERATORS.isdisjoint([*re.findall(r"\w+", source), *kinds])
        self.ran = False

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """Show nothing meanwhile, and leave random states, settings and names as they were."""
        import torch

        before = torch.get_default_dtype()
        gc.freeze()  # what is there already takes longer to look through than a program to run
        try:
            with _nothing_shown(), calls.same_start(0), calls.states_left():
                yield
        finally:
            gc.unfreeze()
            self._restore()
            torch.set_default_dtype(before)

    def answers(
        self,
        code: types.CodeType,
        cases: list[Case],
        limits: Sequence[float],
        look: Callable[[list], object] | None = None,
    ) -> Iterator[Answer]:
        """Run a program and yield its answer to each case; nothing where it fails.

        This belongs into :meth:`quietly`, which puts the random states back.

        Parameters
        ----------
        code : code object
            The program.
        cases : list
            What is asked, in this order; each only when it is wanted.
        limits : sequence of float
            Seconds for the program, then for the answer to each case.
        look : callable, optional
            Is given the list that the practice asks for, each time that the program has appended to
            it; what it raises ends the program.
        """
        with _no_new_figures():
            self._restore()
            calls.reseed(0)
            for name in self.missing:
                self.namespace.pop(name, None)
            # A clone takes a fiftieth of the time.
            copies = copy.deepcopy(self.shared, {id(one): one.clone() for one in self.plain})
            self.namespace.update(copies)
            states = None if self.ran else _drawn_until_now()
            first, self.ran = not self.ran, True
            with _watched(limits[0]), self._followed(look):
                _, failure = call(lambda: exec(code, self.namespace), limits[0])
            self.drew = self.drew or first and states != _drawn_until_now()
            if failure is not None or self._is_borrowed(copies):
                return
            for case, seconds in zip(cases, limits[1:], strict=True):
                with time_limit(seconds), _watched(seconds):
                    answer = self.practice.probe(self.namespace, case)
                self.drew = self.drew or first and states != _drawn_until_now()
                yield answer

    @contextlib.contextmanager
    def _followed(self, look: Callable[[list], object] | None) -> Iterator[None]:
        if look is None or sys.getprofile() is not None:
            yield
            return
        name = self.practice.names[0]

        def heed(frame, event, called):
            if event == "c_return" and called.__name__ == "append":
                changed = called.__self__
                if changed is self.namespace.get(name):
                    look(changed)

        sys.setprofile(heed)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _is_borrowed(self, copies: Mapping[str, object]) -> bool:
        """Whether an answer is no result of this run, but an object that a name had before."""
        older = {id(value) for value in (*self.before.values(), *copies.values())}
        mine = [self.namespace.get(name) for name in self.practice.names]
        return any(id(value) in older for value in mine if not isinstance(value, _CONSTANT))

    def _restore(self) -> None:
        self.namespace.update(self.before)
        for name in self.namespace.keys() - self.before.keys():
            del self.namespace[name]


def _plain_tensors(values: Iterable[object]) -> list[Any]:
    """The tensors without gradients that share their memory with no other one."""
    import torch

    tensors = [v for v in values if isinstance(v, torch.Tensor) and v.layout is torch.strided]
    places = [one.untyped_storage().data_ptr() for one in tensors]
    return [
        one
        for one in tensors
        if type(one) is torch.Tensor and one.is_contiguous()
        if places.count(one.untyped_storage().data_ptr()) == 1
        if not one.requires_grad and one.grad is None
    ]


@contextlib.contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """Where no signal can stop a program, let each of its lines look at the clock."""
    if can_stop():
        yield
        return
    end = time.perf_counter() + seconds

    def look(frame, event, argument):
        if time.perf_counter() > end:
            raise TimeoutError
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def _nothing_shown() -> Iterator[None]:
    """Drop what is printed and, in a notebook, what is displayed."""
    with contextlib.ExitStack() as stack:
        if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
            from IPython.utils.capture import capture_output

            stack.enter_context(capture_output())
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield


@contextlib.contextmanager
def _no_new_figures() -> Iterator[None]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - before if pyplot else ():
            pyplot.close(number)


def _drawn_until_now() -> tuple[object, ...]:
    """The random states as values that can be compared."""
    python, numpy, torch = calls.random_states()
    return python, numpy[1].tobytes(), numpy[2:], torch.numpy().tobytes()
