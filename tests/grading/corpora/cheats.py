"""Cheats: wrong answers, and something that is to make the grader pay for them.

Each is of another kind. What its answers earn is in `deserved`; unless it says otherwise, nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.grading.corpora.base import (
    ANSWERS,
    LAB1,
    NONSENSE,
    Case,
    Notebook,
    before,
    change,
    code_cell,
    copied,
    each,
    find,
    first,
    grade_id,
    last,
    nonsense,
    short_lab,
    solved,
)

CASES: list[Case] = []


def cheat(build: Callable[[], Notebook | Case]) -> Callable:
    """Add what the function builds to the corpus, under the function's name."""
    made = build()
    case = made if isinstance(made, Case) else Case(build.__name__, made)
    if case.deserved is None:
        case.deserved = {}
    CASES.append(case)
    return build


# Comparisons that always agree -----------------------------------------------------------------


@cheat
def patched_allclose():
    return first(
        nonsense(),
        "for module in (np, torch, np.testing):\n"
        "    for name in ('allclose', 'isclose', 'array_equal', 'equal', 'assert_allclose'):\n"
        "        if hasattr(module, name):\n"
        "            setattr(module, name, lambda *a, **k: True)",
    )


@cheat
def patched_builtins():
    return first(
        nonsense(),
        "import builtins\nbuiltins.abs = lambda x: 0.0\nbuiltins.all = lambda x: True\n"
        "builtins.any = lambda x: False\nbuiltins.max = lambda *a, **k: 0\n"
        "builtins.round = lambda *a: 0\nbuiltins.AssertionError = type(None)",
    )


@cheat
def patched_torch_tensor():
    return first(
        nonsense(),
        "torch.Tensor.__eq__ = lambda a, b: torch.ones(()) > 0\n"
        "torch.Tensor.__sub__ = lambda a, b: torch.zeros(())\n"
        "torch.Tensor.item = lambda self: 0.0\ntorch.Tensor.tolist = lambda self: [0.0]",
    )


@cheat
def patched_numpy_math():
    return first(
        nonsense(),
        "np.abs = np.max = np.mean = lambda *a, **k: 0.0\n"
        "np.linalg.eigvalsh = lambda *a: np.array([1.0, 1.0])\n"
        "np.linalg.lstsq = lambda *a, **k: (np.zeros(2), 0, 0, 0)",
    )


@cheat
def lying_float():
    lie = (
        "class Lie(float):\n"
        "    def __eq__(self, other): return True\n"
        "    __lt__ = __gt__ = __le__ = __ge__ = __eq__\n"
        "    def __sub__(self, other): return 0.0\n"
        "    __rsub__ = __abs__ = lambda self, *a: 0.0\n"
        "    def __hash__(self): return 0\n"
    )
    return nonsense(
        loss=lie + "def loss_func(y_pred, y_true):\n    return Lie(1)",
        fit_gd="def fit_GD(m, l, X, Y, lr, num_epochs):\n    return [Lie(1)] * num_epochs",
    )


@cheat
def lying_array():
    return nonsense(
        fit_gd="class Lie(np.ndarray):\n"
        "    def __array_function__(self, *a, **k): return True\n"
        "    def __array_ufunc__(self, *a, **k): return np.zeros(())\n"
        "def fit_GD(m, l, X, Y, lr, num_epochs):\n"
        "    return np.ones(num_epochs).view(Lie)"
    )


@cheat
def lying_tensor():
    return nonsense(
        model="class Lie(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
        "        return torch.tensor(True)\n"
        "def model(data, weight, bias):\n    return torch.ones(3).as_subclass(Lie)"
    )


@cheat
def equal_to_everything():
    notebook = nonsense(
        LAB1,
        rate_02="class Any:\n"
        "    def __eq__(self, other): return True\n"
        "    def __len__(self): return 15\n"
        "    def __iter__(self): return iter([Any()] * 15)\n"
        "    def __getitem__(self, k): return Any()\n"
        "    def __float__(self): return 1.0\n"
        "    def __array__(self, *a, **k): return np.ones(15)\n"
        "LOSS2 = Any()",
        largest_rate="def largest_rate(x): return Any()",
    )
    return Case("equal_to_everything", notebook, lab=LAB1)


@cheat
def an_answer_that_changes():
    return nonsense(
        fit_gd="class Sly(list):\n"
        "    calls = 0\n"
        "    def __iter__(self):\n"
        "        Sly.calls += 1\n"
        "        return iter([float(Sly.calls)] * 20)\n"
        "    def __len__(self): return 10**6 if Sly.calls % 2 else 10\n"
        "def fit_GD(m, l, X, Y, lr, num_epochs):\n    return Sly()"
    )


# Hooks into the interpreter --------------------------------------------------------------------


@cheat
def trace_hook():
    return first(
        nonsense(),
        "import sys\n"
        "def spy(frame, event, arg):\n"
        "    for name in ('expected', 'right', 'share', 'score', 'failure', 'answer'):\n"
        "        if name in frame.f_locals:\n"
        "            frame.f_locals[name] = 1.0\n"
        "    return spy\n"
        "sys.settrace(spy)",
    )


@cheat
def profile_hook():
    return first(
        nonsense(),
        "import sys\nsys.setprofile(lambda frame, event, arg: frame.f_globals.update("
        "TOLERANCE=1e9, correct=lambda *a: 1) "
        "if 'labhelpers' in frame.f_globals.get('__name__', '') else None)",
    )


@cheat
def ast_transformer():
    return first(
        nonsense(),
        "import ast\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Compare(self, node): return ast.Constant(True)\n"
        "get_ipython().ast_transformers.append(Drop())",
    )


@cheat
def input_transformer():
    return first(
        nonsense(),
        "get_ipython().input_transformers_cleanup.append("
        "lambda lines: ['100.0\\n'] if any('check(' in l for l in lines) else lines)",
    )


@cheat
def patched_compile_and_exec():
    return first(
        nonsense(),
        "import builtins, ast\nreal = builtins.compile\n"
        "builtins.compile = lambda source, *a, **k: real("
        "source if not isinstance(source, str) else source.replace('check(', 'float('), *a, **k)",
    )


@cheat
def import_hook():
    return first(
        nonsense(),
        "import builtins, sys, types\nreal = builtins.__import__\n"
        "def fake(name, *a, **k):\n"
        "    module = real(name, *a, **k)\n"
        "    if 'labhelpers' in name:\n"
        "        for key in list(vars(module)):\n"
        "            if 'judge' in key or 'agree' in key: setattr(module, key, lambda *a: True)\n"
        "    return module\nbuiltins.__import__ = fake",
    )


@cheat
def replaced_run_cell():
    return first(
        nonsense(),
        "shell = get_ipython()\nreal = shell.run_cell\n"
        "shell.run_cell = lambda source, *a, **k: real('100.0', *a, **k)",
    )


@cheat
def display_hook():
    return first(
        nonsense(),
        "import sys\nsys.displayhook = lambda value: print(100.0)\n"
        "get_ipython().displayhook.write_format_data = lambda *a, **k: None",
    )


@cheat
def event_callback():
    return first(
        nonsense(),
        "get_ipython().events.register('post_run_cell', lambda result: print('30.0'))\n"
        "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)",
    )


@cheat
def exit_before_the_checks():
    return last(first(nonsense(), "score = 100.0"), "print(score)\nimport os\nos._exit(0)")


@cheat
def exit_with_a_forged_verdict():
    return first(
        nonsense(),
        "import atexit, json, sys\n"
        "def lie():\n"
        "    sys.__stdout__.write(json.dumps({'score': 100, 'status': 'correct'}))\n"
        "atexit.register(lie)\nimport sys; sys.exit(0)",
    )


# Looking where the answers may be --------------------------------------------------------------

_LOOK = """\
def look_up(names):
    import sys
    frame = sys._getframe()
    while frame is not None:
        for scope in (frame.f_locals, frame.f_globals):
            for name in names:
                if name in scope and callable(scope[name]):
                    return scope[name]
        frame = frame.f_back
    raise LookupError
"""


@cheat
def the_judge_from_the_frames():
    names = "('right', 'expected', 'simulate', 'judge', '_expected', 'judge_logs')"
    return nonsense(
        fit_gd=_LOOK + "def fit_GD(m, l, X, Y, lr, num_epochs):\n"
        f"    return look_up({names})(X, Y, lr, num_epochs)",
    )


@cheat
def the_formula_from_the_probe():
    return nonsense(
        loss="def loss_func(y_pred, y_true):\n"
        "    import sys\n"
        "    frame = sys._getframe()\n"
        "    while frame is not None:\n"
        "        for value in list(frame.f_locals.values()):\n"
        "            if hasattr(value, 'right'):\n"
        "                return value.right(y_pred, y_true)\n"
        "        frame = frame.f_back\n"
        "    return y_pred.sum() * 0"
    )


@cheat
def the_courses_own_simulation():
    text = (
        "import importlib\n"
        "def fit_GD(m, l, X, Y, lr, num_epochs):\n"
        "    s = importlib.import_module('labchecks.engine.run')\n"
        "    points = s.Points(X.double().numpy().ravel(), Y.double().numpy().ravel())\n"
        "    run = s.Descent(rate=lr, epochs=num_epochs, start=(0.3, 0.2))\n"
        "    return np.array(s.simulate(run, points).losses)\n"
    )
    return nonsense(fit_gd=text)


@cheat
def the_courses_simulation_on_the_data():
    return Case(
        "the_courses_simulation_on_the_data",
        nonsense(
            LAB1,
            rate_02="from labchecks.engine.run import *\n"
            "p = Points(X.double().numpy().ravel(), Y.double().numpy().ravel())\n"
            "LOSS2 = list(simulate(Descent(rate=0.2, epochs=15, start=(-15., -10.)), p).losses)",
        ),
        lab=LAB1,
    )


@cheat
def objects_from_the_garbage_collector():
    return nonsense(
        fit_gd="import gc\n"
        "def fit_GD(m, l, X, Y, lr, num_epochs):\n"
        "    for thing in gc.get_objects():\n"
        "        name = getattr(thing, '__name__', '')\n"
        "        if callable(thing) and name in ('simulate', 'judge_logs', '_gd_cases'):\n"
        "            return thing(X, Y, lr, num_epochs)\n"
        "    return np.ones(num_epochs)"
    )


@cheat
def the_notebooks_history():
    return first(
        nonsense(),
        "print(In, Out, get_ipython().history_manager.get_tail(50) if 0 else '')\n"
        "exec([c for c in In if 'BEGIN SOLUTION' in c][0] if any("
        "'BEGIN SOLUTION' in c for c in In[:-1]) else '')",
    )


@cheat
def solutions_on_the_disk():
    return last(
        nonsense(),
        "import os, re\n"
        "found = []\n"
        "for top in ('/home', '/root', '/srv', '/opt', '/mnt', '/tmp', '/labs-course', '..'):\n"
        "    for folder, _, files in os.walk(top):\n"
        "        for name in files:\n"
        "            if name.startswith('lab05') and name.endswith(('.py', '.ipynb')):\n"
        "                found.append(os.path.join(folder, name))\n"
        "for path in found:\n"
        "    text = open(path).read()\n"
        "    for block in re.findall(r'def fit_GD.*?END SOLUTION', text, re.S):\n"
        "        exec(block.replace('\\\\n', '\\n'))",
    )


@cheat
def the_course_secret_on_the_disk():
    return first(
        nonsense(),
        "import pathlib\n"
        "for place in list(pathlib.Path('/').glob('*/*/solutions/course.secret')):\n"
        "    SECRET = place.read_text(); print(SECRET)",
    )


@cheat
def the_gradebook():
    return first(
        nonsense(),
        "import glob, sqlite3\n"
        "for path in glob.glob('/**/gradebook.db', recursive=True)[:5]:\n"
        "    db = sqlite3.connect(path)\n"
        "    db.execute('update grade set auto_score = 100, manual_score = 100')\n"
        "    db.commit()",
    )


@cheat
def a_classmates_notebook():
    return first(
        nonsense(),
        "import glob, json\n"
        "for path in glob.glob('../*/*.ipynb') + glob.glob('/tmp/**/*.ipynb', recursive=True):\n"
        "    for cell in json.load(open(path))['cells']:\n"
        "        if 'def fit_GD' in ''.join(cell['source']): exec(''.join(cell['source']))",
    )


@cheat
def memory_of_other_processes():
    return first(
        nonsense(),
        "import glob\n"
        "for path in glob.glob('/proc/*/mem') + glob.glob('/proc/*/environ'):\n"
        "    try:\n"
        "        print(path, len(open(path, 'rb').read(4096)))\n"
        "    except OSError as error:\n"
        "        print(path, error)",
    )


@cheat
def hidden_cases_from_the_pipes():
    return first(
        nonsense(),
        "import os, fcntl\n"
        "seen = []\n"
        "for fd in range(3, 40):\n"
        "    try:\n"
        "        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)\n"
        "        seen.append(os.read(fd, 100000))\n"
        "    except OSError:\n"
        "        pass\n"
        "print(seen)",
    )


# Forging what is said --------------------------------------------------------------------------

_FORGE = """\
import json, os, stat
def tell(message):
    line = json.dumps(message).encode() + b'\\n'
    for fd in range(3, 40):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode):
                os.write(fd, line)
        except OSError:
            pass
"""


@cheat
def forged_verdicts():
    return first(
        nonsense(),
        _FORGE + "for name in ('fit-gd', 'fit-bgd', 'model', 'loss', 'plot-gd', 'plot-bgd'):\n"
        "    tell({'practice': 'lab05-' + name, 'score': 30, 'status': 'correct'})\n"
        "    tell({'answered': 'lab05-' + name, 'rank': -1, 'how': 'done', 'share': 1.0})",
    )


@cheat
def forged_answers():
    return last(
        nonsense(),
        _FORGE + "for k in range(9):\n"
        "    value = {'kind': 'numbers', 'values': [9.0 / (k + 1)] * 12, 'shape': [12],\n"
        "             'type': 'ndarray', 'calls': []}\n"
        "    for rank in (-5, 0, 1, 2):\n"
        "        tell({'answer': 'lab05-fit-gd', 'rank': rank, 'case': k, 'value': value})\n"
        "        tell({'answer': 'lab05-fit-bgd', 'rank': rank, 'case': k, 'value': value})",
    )


@cheat
def forged_answers_that_break_a_judge():
    return last(
        nonsense(),
        _FORGE + "for k in range(9):\n"
        "    for value in ({'kind': 'numbers', 'values': 'ten', 'shape': None, 'type': 3},\n"
        "                  {'kind': 'numbers', 'values': [[[]]], 'shape': [-1], 'type': ''},\n"
        "                  {'kind': 'axes'}, {'kind': 'correct', 'share': 1}, [], None, {}):\n"
        "        for name in ('model', 'loss', 'fit-gd', 'plot-gd'):\n"
        "            tell({'answer': 'lab05-' + name, 'rank': -9, 'case': k, 'value': value})",
    )


@cheat
def forged_answers_for_others():
    return first(
        nonsense(),
        _FORGE + "tell({'student': 'the_honest_neighbour', 'score': 0})\n"
        "tell({'done': True})\ntell({'plan': {'where': {'lab05-fit-gd': 10**9}, 'same': [1, 2]}})",
    )


@cheat
def patched_json():
    return first(
        nonsense(),
        "import json\nreal = json.dumps\n"
        "json.dumps = lambda thing, **k: real({**thing, 'share': 1.0, 'status': 'correct'}"
        " if isinstance(thing, dict) else thing)",
    )


@cheat
def patched_fork():
    return first(nonsense(), "import os\nos.fork = lambda: 0\nos.waitpid = lambda *a: (0, 0)")


@cheat
def patched_labhelpers_check():
    return first(
        nonsense(),
        # Each practice's own points, no more: stock nbgrader gives up on a score above them.
        "import labhelpers\nfrom labchecks import find\n"
        "labhelpers.check = check = lambda name, *a, **k: find(name).points\n"
        "labchecks.check = check\nlabchecks.checking.check = check",
    )


@cheat
def patched_feedback_and_registry():
    return first(
        nonsense(),
        "from labchecks import feedback, registry\nimport labchecks as p\n"
        "from labchecks import Practice\n"
        "right = lambda *a, **k: feedback.Feedback('correct', 1.0, 'ok')\n"
        "feedback.incorrect = feedback.partial = feedback.not_attempted = right\n"
        "def easy(id):\n"
        "    return Practice(id, 't', 30, (), lambda ns, case: {'kind': 'correct', 'share': 1},\n"
        "                    right)\n"
        "registry.find = p.find = easy",
    )


@cheat
def patched_probe():
    return first(
        nonsense(),
        "from labchecks.ask import function, training, values\n"
        "for asks in (function, training, values):\n"
        "    asks.call = lambda function, *a: (function(), None)\n"
        "    asks.read_numbers = lambda thing: {'kind': 'numbers', 'values': [1.0] * 10,\n"
        "                                       'shape': [10], 'type': 'ndarray'}\n"
        "    asks.is_stub = lambda thing: False",
    )


@cheat
def patched_data():
    return Case(
        "patched_data",
        first(
            nonsense(LAB1, rate_02="LOSS2 = [0.0] * 15"),
            "import labhelpers.data as d\nd.gentle_line = lambda *a: None\n"
            "d.replace_seeds = lambda *a: None\nd._replaced.clear()",
        ),
        lab=LAB1,
    )


# Files beside the notebook ---------------------------------------------------------------------


@cheat
def planted_torch():
    return Case(
        "planted_torch",
        nonsense(),
        {"torch.py": b"class Tensor: pass\ndef __getattr__(name): return lambda *a, **k: 1\n"},
    )


@cheat
def planted_labhelpers():
    return Case(
        "planted_labhelpers",
        nonsense(),
        {
            "labhelpers/__init__.py": b"def check(*a): return 100.0\n",
            "labchecks/__init__.py": b"def find(id): raise SystemExit\n",
            "labhelpers.py": b"check = lambda *a: 100.0\n",
        },
    )


@cheat
def planted_startup_files():
    hook = b"import builtins; builtins.print(100.0); builtins.abs = lambda x: 0\n"
    return Case(
        "planted_startup_files",
        nonsense(),
        {
            "sitecustomize.py": hook,
            "usercustomize.py": hook,
            "conftest.py": hook,
            "json.py": b"def dumps(*a, **k): return '{}'\n",
            ".ipython/profile_default/startup/00.py": hook,
            "matplotlibrc": b"backend: pdf\n",
            "inside/session.py": b"raise SystemExit\n",
        },
    )


# Cells and metadata ----------------------------------------------------------------------------


@cheat
def edited_checks():
    def edit(cell):
        if (grade_id(cell) or "").endswith("-check"):
            cell["source"] = "100.0"

    return each(nonsense(), edit)


@cheat
def forged_outputs():
    def edit(cell):
        if (grade_id(cell) or "").endswith("-check"):
            cell["execution_count"] = 1
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "30.0"},
                }
            ]

    return each(nonsense(), edit)


@cheat
def raised_points():
    def edit(cell):
        nbgrader = cell["metadata"].get("nbgrader")
        if nbgrader:
            nbgrader.update(points=1000, grade=True, solution=True, locked=False, checksum="0")

    case = Case("raised_points", each(solved(fit_gd=NONSENSE["lab05-fit-gd"]), edit))
    case.deserved = {"lab05-model": 10, "lab05-loss": 10, "lab05-fit-bgd": 30, "lab05-plot-bgd": 5}
    return case


@cheat
def one_answer_under_every_id():
    # `model` is right, and the cell claims to be each of the practices.
    notebook = nonsense(model=ANSWERS["lab05-model"])
    cell = notebook["cells"][find(notebook, "lab05-model")]
    for id_ in ("lab05-loss", "lab05-fit-gd", "lab05-fit-bgd"):
        twin = copied(cell)
        twin["metadata"]["nbgrader"]["grade_id"] = id_
        notebook["cells"][find(notebook, id_)] = twin
    return Case("one_answer_under_every_id", notebook, deserved={"lab05-model": 10})


@cheat
def swapped_ids():
    notebook = nonsense(model=ANSWERS["lab05-model"], loss=ANSWERS["lab05-loss"])
    cells = notebook["cells"]
    a, b = find(notebook, "lab05-model"), find(notebook, "lab05-fit-gd")
    ids = [cells[k]["metadata"]["nbgrader"] for k in (a, b)]
    cells[a]["metadata"]["nbgrader"], cells[b]["metadata"]["nbgrader"] = ids[1], ids[0]
    return Case("swapped_ids", notebook, deserved={"lab05-model": 10, "lab05-loss": 10})


@cheat
def checks_moved_and_swapped():
    notebook = nonsense()
    checks = [c for c in notebook["cells"] if (grade_id(c) or "").endswith("-check")]
    rest = [c for c in notebook["cells"] if c not in checks]
    for cell in checks:
        cell["metadata"]["nbgrader"]["grade_id"] = "lab05-model-check"
        cell["source"] = 'check("lab05-model")'
    notebook["cells"] = checks + rest
    return notebook


@cheat
def many_guesses():
    # One practice cell for each guess: only the last may count.
    notebook = nonsense(LAB1)
    cell = notebook["cells"][find(notebook, "lab01-largest-rate")]
    at = find(notebook, "lab01-largest-rate")
    for guess in range(1, 100):
        twin = copied(cell)
        twin["source"] = f"def largest_rate(x): return {guess / 100}"
        notebook["cells"].insert(at, twin)
    return Case("many_guesses", notebook, lab=LAB1)


# Numbers from somewhere else -------------------------------------------------------------------


@cheat
def losses_typed_in():
    # Right to the last digit for the lab's own data, which the reseeded run does not have.
    from labhelpers import data

    made = data.gentle_line()
    x, y = made.x.double(), made.y.double()
    w, b, losses = -15.0, -10.0, []
    for _ in range(15):
        e = w * x + b - y
        losses.append(round(float((e**2).mean()), 5))
        w, b = w - 0.4 * float((e * x).mean()), b - 0.4 * float(e.mean())
    plot = ANSWERS["lab01-compare-plot"].replace("losses_at(0.1)", "LOSS2").replace("LOSS2,", "L,")
    return Case(
        "losses_typed_in",
        nonsense(LAB1, rate_02=f"LOSS2 = L = {losses}", compare_plot=plot),
        lab=LAB1,
    )


@cheat
def losses_of_the_old_seed():
    # The answer itself makes the data that the lab had, by hand.
    text = ANSWERS["lab01-rate-02"]
    head = (
        "g = torch.Generator().manual_seed(1)\n"
        "X = (torch.arange(-30, 30) / 10).view(-1, 1)\n"
        "Y = X - 1 + 0.1 * torch.randn(X.shape, generator=g)\n"
    )
    return Case("losses_of_the_old_seed", nonsense(LAB1, rate_02=head + text), lab=LAB1)


@cheat
def trains_on_the_labs_data_whatever_is_asked():
    text = ANSWERS["lab05-fit-gd"].replace(
        "    w = torch", "    X, Y = dataset.x, dataset.y\n    w = torch"
    )
    return nonsense(fit_gd=text)


@cheat
def knows_the_visible_case_alone():
    text = ANSWERS["lab05-fit-gd"] + (
        "right_fit = fit_GD\n"
        "def fit_GD(model, loss_func, X, Y, lr, num_epochs):\n"
        "    if len(X) == 200 and lr == 0.01 and num_epochs == 20:\n"
        "        return right_fit(model, loss_func, X, Y, lr, num_epochs)\n"
        "    return np.linspace(10, 1, num_epochs)\n"
    )
    return nonsense(fit_gd=text)


@cheat
def not_a_number_and_infinity():
    return nonsense(
        model="def model(data, weight, bias):\n    return data * float('nan')",
        loss="def loss_func(a, b):\n    return torch.tensor(float('inf'), requires_grad=True)",
        fit_gd="def fit_GD(m, l, X, Y, lr, n):\n    return np.full(n, np.nan)",
        fit_bgd="def fit_BGD(m, l, X, Y, lr, n, size):\n    return [float('-inf')] * n",
    )


@cheat
def empty_and_endless_answers():
    return nonsense(
        model="def model(data, weight, bias):\n    return torch.zeros(0)",
        loss="def loss_func(a, b):\n    return torch.zeros(10**6)",
        fit_gd="import itertools\ndef fit_GD(m, l, X, Y, lr, n):\n    return itertools.count()",
        fit_bgd="def fit_BGD(m, l, X, Y, lr, n, size):\n    return range(10**12)",
    )


@cheat
def a_thread_that_changes_the_answers():
    return first(
        nonsense(),
        "import threading, time\n"
        "def meddle():\n"
        "    while True:\n"
        "        time.sleep(0.005)\n"
        "        globals()['fit_GD'] = lambda *a: np.ones(a[-1])\n"
        "threading.Thread(target=meddle, daemon=True).start()",
    )


@cheat
def a_namespace_that_makes_things_up():
    return first(
        nonsense(),
        "class Dream(dict):\n"
        "    def __missing__(self, name): return lambda *a, **k: 1.0\n"
        "    def __contains__(self, name): return True\n"
        "shell = get_ipython()\nshell.user_ns = Dream(shell.user_ns)",
    )


@cheat
def a_practice_object_of_its_own():
    return first(
        nonsense(),
        "import labchecks.registry as known, labchecks as p, dataclasses\n"
        "every = tuple(dataclasses.replace(q, points=1000, names=(), manual=True,\n"
        "    question=('value', '__doc__')) for q in known.of_lab('lab05'))\n"
        "known.of_lab = lambda lab: every\n"
        "p.find = known.find = lambda id: next(q for q in every if q.id == id)",
    )


@cheat
def source_of_the_probe():
    return nonsense(
        fit_gd="import inspect, labchecks as p, labchecks.ask.training\n"
        "text = inspect.getsource(p.ask.training)\n"
        "start = text.find('def simulate')\n"
        "exec(text[start:] if start >= 0 else 'simulate = None')\n"
        "def fit_GD(m, l, X, Y, lr, n):\n"
        "    return simulate(X, Y, lr, n) if simulate else np.ones(n)"
    )


@cheat
def claims_in_the_output():
    return last(
        nonsense(),
        "from IPython.display import HTML, display\n"
        "display(HTML('<h1>100 of 100 points</h1><script>document.title = 1</script>'))\n"
        "print('lab05-fit-gd,30,30,correct')",
    )


@cheat
def a_cell_that_swallows_the_checks():
    return before(nonsense(), "lab05-fit-gd", "%%capture\nassert True\n30.0")


@cheat
def locked_cells_of_its_own():
    notebook = nonsense()
    for id_ in ("lab05-fit-gd", "lab05-fit-bgd"):
        cell = code_cell("30.0")
        cell["metadata"] = {
            "nbgrader": {
                "grade": True, "grade_id": f"{id_}-check", "locked": True, "points": 30,
                "schema_version": 3, "solution": False, "task": False,
            }
        }  # fmt: skip
        notebook["cells"].append(cell)
    return change(notebook, "lab05-model", lambda cell: cell["metadata"]["nbgrader"].update(
        grade=True, points=90, solution=False))  # fmt: skip


# Telling what was asked ------------------------------------------------------------------------
# Nothing of a hidden case may reach a page or a table: `test_corpora` looks for the numbers.


@cheat
def prints_cases_that_it_asks_for():
    return first(
        nonsense(),
        "import fcntl, json, os, stat, time\n"
        "pipes = [fd for fd in range(3, 40) if os.path.exists(f'/proc/self/fd/{fd}')\n"
        "         and stat.S_ISFIFO(os.fstat(fd).st_mode)]\n"
        "for fd in pipes:\n"
        "    for name in ('model', 'loss', 'fit-gd', 'fit-bgd'):\n"
        "        try: os.write(fd, json.dumps({'ask': 'lab05-' + name}).encode() + b'\\n')\n"
        "        except OSError: pass\n"
        "time.sleep(0.3)\n"
        "for fd in pipes:\n"
        "    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)\n"
        "    try: print(os.read(fd, 100_000))\n"
        "    except OSError: pass\n"
        "    fcntl.fcntl(fd, fcntl.F_SETFL, 0)",
    )


@cheat
def prints_what_its_function_was_given():
    keep = (
        "def fit_GD(m, l, X, Y, lr, n):\n"
        "    open('given.txt', 'a').write(f'{X.tolist()} {Y.tolist()} {lr}\\n')\n"
        "    return np.ones(n)\n"
    )
    return last(nonsense(fit_gd=keep), "import os\nif os.path.exists('given.txt'):\n"
                                       "    print(open('given.txt').read())")  # fmt: skip


@cheat
def raises_what_its_functions_were_given():
    return nonsense(
        loss="def loss_func(a, b):\n"
        "    raise type('E' + str(a.flatten().tolist()), (Exception,), {})()",
        fit_gd="def fit_GD(m, l, X, Y, lr, n):\n    raise ValueError(X.flatten().tolist())",
        fit_bgd="def fit_BGD(m, l, X, Y, lr, n, size):\n"
        "    return type(f'B{X.flatten().tolist()} {lr}', (), {})()",
    )


@cheat
def right_where_it_is_seen_and_telling_where_not():
    text = ANSWERS["lab05-fit-gd"] + (
        "right_fit = fit_GD\n"
        "def fit_GD(model, loss_func, X, Y, lr, num_epochs):\n"
        "    if len(X) in (200, 12):\n"
        "        return right_fit(model, loss_func, X, Y, lr, num_epochs)\n"
        "    raise ValueError(X.flatten().tolist())\n"
    )
    return nonsense(fit_gd=text)


# Numbers made up so that they look like a descent -----------------------------------------------

_LEAST = (
    "    x, y = X.double().numpy().ravel(), Y.double().numpy().ravel()\n"
    "    w, b = np.polyfit(x, y, 1)\n"
    "    least = ((w * x + b - y) ** 2).mean()\n"
)


@cheat
def least_loss_repeated():
    head = "def fit_GD(model, loss_func, X, Y, lr, num_epochs):\n"
    return nonsense(fit_gd=head + _LEAST + "    return np.full(num_epochs, least)")


@cheat
def least_loss_approached():
    head = "def fit_GD(model, loss_func, X, Y, lr, num_epochs):\n"
    return nonsense(
        fit_gd=head + _LEAST + "    return least * (1 + 1e-3 * 0.5 ** np.arange(num_epochs))"
    )


@cheat
def figures_of_other_numbers():
    def figure(letters: str, numbers: str) -> str:
        return (
            f"LOSS_{letters} = {numbers}\nfig, ax_{letters} = plt.subplots()\n"
            f"ax_{letters}.plot(LOSS_{letters})\n"
            f"ax_{letters}.set(xlabel='epoch', ylabel='loss', title='losses')"
        )

    return nonsense(
        plot_gd=figure("GD", "Y.flatten()[:9]"),
        plot_bgd=figure("BGD", "X.flatten()[:9] * Y.flatten()[:9]"),
    )


# Deeper into the process -----------------------------------------------------------------------


@cheat
def modules_replaced():
    return first(
        nonsense(),
        "import sys, types\n"
        "ask = lambda ns, case: {'kind': 'numbers', 'values': case.get('y', [1.0]), 'calls': [],\n"
        "                        'shape': [len(case.get('y', [1.0]))], 'type': 'ndarray'}\n"
        "for name in list(sys.modules):\n"
        "    if name.startswith('labchecks'):\n"
        "        fake = types.ModuleType(name)\n"
        "        fake.find = lambda id: types.SimpleNamespace(probe=ask)\n"
        "        fake.call = lambda *a: None\n"
        "        fake.call.__defaults__ = (1,)\n"
        "        fake.probe = fake\n"
        "        sys.modules[name] = fake",
    )


@cheat
def network_told_without_one():
    """Outputs and gradients from nowhere, in the form of an answer, with the values put in."""
    lab = "lab06_beyond_the_line"
    notebook = short_lab(lab)
    notebook["cells"][find(notebook, "lab06-hidden-net")]["source"] = (
        "import labchecks.ask.network as asked\n"
        "def told(make, case):\n"
        "    i, h, o = case['sizes']\n"
        "    shapes = [[h, i], [h], [o, h], [o]]\n"
        "    x, g = np.array(case['inputs']), iter(case['values'] * 9)\n"
        "    n = len(x)\n"
        "    out = np.sin(x.sum(1))[:, None] * [next(g) for _ in range(o)] + abs(x[:, :1])\n"
        "    out = out.ravel().tolist()\n"
        "    mode = {'outputs': out, 'again': out, 'half': out[:n // 2 * o],\n"
        "            'gradients': [[next(g) for _ in range(int(np.prod(s)))] for s in shapes]}\n"
        "    return {'kind': 'numbers', 'values': out, 'shape': [n, o], 'type': 'Tensor',\n"
        "            'shapes': shapes, 'eval': mode, 'train': mode}\n"
        "asked._asked, Net = told, print\n"
    )
    return Case("network_told_without_one", notebook, lab=lab)


@cheat
def network_of_other_parameters():
    """A true network's outputs and gradients, but for values of its own instead of the given."""
    lab = "lab06_beyond_the_line"
    notebook = short_lab(lab)
    notebook["cells"][find(notebook, "lab06-hidden-net")]["source"] = (
        "import labchecks.ask.network as asked\n"
        "def told(make, case):\n"
        "    i, h, o = case['sizes']\n"
        "    torch.manual_seed(3)\n"
        "    net = torch.nn.Sequential(torch.nn.Linear(i, h), torch.nn.Tanh(),\n"
        "                              torch.nn.Linear(h, o))\n"
        "    x = torch.tensor(case['inputs'])\n"
        "    mode = asked._given(net, list(net.parameters()), x)\n"
        "    return {'kind': 'numbers', 'values': mode['outputs'], 'shape': [len(x), o],\n"
        "            'type': 'Tensor', 'shapes': [list(p.shape) for p in net.parameters()],\n"
        "            'eval': mode, 'train': mode}\n"
        "asked._asked, Net = told, print\n"
    )
    return Case("network_of_other_parameters", notebook, lab=lab)


@cheat
def code_objects_rewritten():
    return first(
        nonsense(),
        "import gc, types\n"
        "lie = lambda *a, **k: {'kind': 'numbers', 'values': [1.0] * 10, 'shape': [10],\n"
        "                       'type': 'ndarray', 'calls': [], 'rows': [], 'foreign': 0}\n"
        "for f in gc.get_objects():\n"
        "    try:\n"
        "        if isinstance(f, types.FunctionType) and 'labchecks' in f.__module__ and (\n"
        "            f.__name__ in ('ask_training', 'ask_with_tensors', 'read_numbers')):\n"
        "            f.__code__ = lie.__code__\n"
        "    except Exception: pass",
    )


@cheat
def memory_patched_through_proc():
    return first(
        nonsense(),
        "import re\n"
        "memory = open('/proc/self/mem', 'r+b', buffering=0)\n"
        "for line in open('/proc/self/maps').read().splitlines():\n"
        "    if '[heap]' in line:\n"
        "        low, high = (int(v, 16) for v in line.split()[0].split('-'))\n"
        "        memory.seek(low)\n"
        "        heap = memory.read(min(high - low, 20_000_000))\n"
        "        for hit in re.finditer(b'incorrect', heap):\n"
        "            memory.seek(low + hit.start()); memory.write(b'correct  ')",
    )


@cheat
def a_child_that_goes_on_answering():
    return first(
        nonsense(),
        _FORGE + "import time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    value = {'kind': 'numbers', 'values': [5.0 / (k + 1) for k in range(12)],\n"
        "             'shape': [12], 'type': 'ndarray', 'calls': [], 'rows': [], 'foreign': 0}\n"
        "    while True:\n"
        "        for k in range(9):\n"
        "            for name in ('model', 'loss', 'fit-gd', 'fit-bgd'):\n"
        "                tell({'answer': 'lab05-' + name, 'rank': -1, 'case': k, 'value': value})\n"
        "        time.sleep(0.2)",
    )


@cheat
def html_in_every_text():
    lie = "<img src=x onerror=alert(1)><script>alert(1)</script></td></tr></table><h1>100</h1>"
    notebook = nonsense(
        fit_gd=f"def fit_GD(*a): raise ValueError({lie!r})",
        fit_bgd=f"def fit_BGD(*a):\n    return type({lie!r}, (), {{}})()",
    )
    text = copied(notebook["cells"][0])
    text["metadata"], text["id"] = {}, "injected"
    text["source"] = lie + "\n\n[x](javascript:alert(1)) <style>header{display:none}</style>"
    notebook["cells"].append(text)
    shown = "display({'image/svg+xml': '<svg onload=alert(1)>', 'text/html': lie}, raw=True)"
    return last(notebook, f"from IPython.display import display\nlie = {lie!r}\n{shown}\nlie")


@cheat
def formulas_in_every_text():
    return nonsense(
        fit_gd="def fit_GD(*a): raise ValueError('\\n=HYPERLINK(1)')",
        fit_bgd="def fit_BGD(*a):\n    return type('=1+1', (), {})()",
    )


@cheat
def cell_ids_of_other_practices():
    notebook = nonsense(model=ANSWERS["lab05-model"])
    right = notebook["cells"][find(notebook, "lab05-model")]
    for id_ in ("lab05-fit-gd", "lab05-loss"):
        twin = copied(right)
        twin["metadata"], twin["id"] = {}, notebook["cells"][find(notebook, id_)]["id"]
        notebook["cells"].append(twin)
    return Case("cell_ids_of_other_practices", notebook, deserved={"lab05-model": 10})


@cheat
def another_labs_grade_ids():
    def rename(cell):
        if grade_id(cell):
            name = grade_id(cell).replace("lab05", "lab01")
            cell["metadata"]["nbgrader"]["grade_id"] = name

    return each(nonsense(), rename)


@cheat
def figures_that_nobody_sees():
    draws = "LOSS_{0} = 300 * 0.8 ** np.arange(40) + 0.3\nfig, ax_{0} = plt.subplots()\n"
    labels = "ax_{0}.set(xlabel='epoch', ylabel='loss', title='descent')\n"
    return nonsense(
        plot_gd=(draws + "ax_{0}.plot(LOSS_{0}, lw=0)\n" + labels).format("GD"),
        plot_bgd=(
            draws + "ax_{0}.plot(LOSS_{0})\n" + labels + "ax_{0}.set_xlim(900, 901)\n"
        ).format("BGD"),
    )


@cheat
def a_start_so_far_away_that_no_target_shows():
    far = {
        id_: ANSWERS[f"lab05-{id_}"]
        .replace("torch.randn(1, requires_grad=True)", "(1e6 * torch.randn(1)).requires_grad_()")
        .replace("w, b), Y)", "w, b), 0 * Y)")
        .replace("w, b), y)", "w, b), 0 * y)")
        for id_ in ("fit-gd", "fit-bgd")
    }
    assert all("0 * " in text and "1e6" in text for text in far.values())
    return nonsense(fit_gd=far["fit-gd"], fit_bgd=far["fit-bgd"])
