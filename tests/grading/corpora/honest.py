"""Honest submissions: every answer is right, and everything around it may be untidy."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.grading.corpora.base import (
    ANSWERS,
    LAB1,
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
    short_lab,
    solved,
)

CASES: list[Case] = []


def honest(build: Callable[[], Notebook | Case]) -> Callable:
    """Add what the function builds to the corpus, under the function's name."""
    made = build()
    CASES.append(made if isinstance(made, Case) else Case(build.__name__, made))
    return build


def check_cells_gone() -> Notebook:
    """The solved lab without its check cells."""
    notebook = solved()
    notebook["cells"] = [c for c in notebook["cells"] if not (grade_id(c) or "").endswith("-check")]
    return notebook


@honest
def as_expected():
    return solved()


@honest
def another_lab_as_expected():
    return Case("another_lab_as_expected", solved(LAB1), lab=LAB1)


@honest
def answers_in_text_cells():
    """One key turns a cell into text: right answers there are right answers."""

    def retype(cell):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in ANSWERS:
            cell["cell_type"] = "markdown"
            cell.pop("outputs", None), cell.pop("execution_count", None)

    return each(solved(), retype)


@honest
def in_double_precision():
    return first(solved(), "torch.set_default_dtype(torch.float64)")


@honest
def another_lab_in_double_precision():
    # Before the data are made.
    notebook = solved(LAB1)
    notebook["cells"].insert(1, code_cell("torch.set_default_dtype(torch.float64)"))
    return Case("another_lab_in_double_precision", notebook, lab=LAB1)


@honest
def warns():
    text = "import warnings\nwarnings.warn('careful')\n"
    return solved(fit_gd=text + ANSWERS["lab05-fit-gd"])


@honest
def warns_inside_the_answer():
    return solved(loss="import warnings\n" + ANSWERS["lab05-loss"].replace(
        "    return", "    warnings.warn('computing a loss')\n    return"))  # fmt: skip


@honest
def logs_to_stderr():
    return first(
        solved(),
        "import logging, sys\nlogging.basicConfig(level=logging.DEBUG)\n"
        "logging.getLogger('me').warning('started')\nprint('note', file=sys.stderr)",
    )


@honest
def progress_bar_on_stderr():
    text = ANSWERS["lab05-fit-gd"].replace(
        "        loss.backward()",
        "        import sys\n        sys.stderr.write(f'\\r{epoch}/{num_epochs}')\n"
        "        sys.stderr.flush()\n        loss.backward()",
    )
    return solved(fit_gd=text)


@honest
def progress_bar_of_tqdm():
    text = ANSWERS["lab05-fit-gd"].replace("range(num_epochs)", "tqdm(range(num_epochs))")
    return solved(fit_gd="from tqdm import tqdm\n" + text)


@honest
def progress_bar_of_tqdm_auto():
    text = ANSWERS["lab05-fit-bgd"].replace("range(num_epochs)", "trange(num_epochs, leave=False)")
    return before(solved(fit_bgd=text), "lab05-fit-bgd", "from tqdm.auto import trange")


@honest
def progress_bar_of_tqdm_notebook():
    text = ANSWERS["lab05-fit-gd"].replace(
        "    for epoch in range(num_epochs):",
        "    bar = tqdm(range(num_epochs), desc='epochs')\n    for epoch in bar:\n"
        "        bar.set_postfix(at=epoch)",
    )
    return solved(fit_gd="from tqdm.notebook import tqdm\n" + text)


@honest
def progress_bar_where_there_are_no_widgets():
    text = ANSWERS["lab05-fit-gd"].replace("range(num_epochs)", "tqdm(range(num_epochs))")
    hidden = "import sys\nsys.modules['ipywidgets'] = None"
    return first(solved(fit_gd="from tqdm.auto import tqdm\n" + text), hidden)


@honest
def prints_everything():
    back = "            loss.backward()"
    text = ANSWERS["lab05-fit-bgd"].replace(back, f"            print('loss', loss)\n{back}")
    return solved(fit_bgd=text)


@honest
def extra_cells_that_use_the_names():
    notebook = before(solved(), "lab05-plot-gd", "print(model(X, 1.0, 2.0)[:3]); print(fit_GD)")
    return last(notebook, "fig, ax = plt.subplots(); ax.hist(LOSS_BGD); plt.show()")


@honest
def a_later_cell_reuses_the_axes_name():
    notebook = solved()
    at = find(notebook, "lab05-plot-gd-check") + 1
    notebook["cells"].insert(at, code_cell("fig, ax_GD = plt.subplots(); ax_GD.plot([1, 2])"))
    return notebook


@honest
def practice_cells_in_another_order():
    notebook = solved()
    cells = notebook["cells"]
    bgd = cells.pop(find(notebook, "lab05-fit-bgd"))
    cells.insert(find(notebook, "lab05-fit-gd"), bgd)
    loss = cells.pop(find(notebook, "lab05-loss"))
    cells.insert(find(notebook, "lab05-model"), loss)
    return notebook


@honest
def all_answers_at_the_end():
    notebook = solved()
    own = [c for c in notebook["cells"] if grade_id(c) in ANSWERS]
    notebook["cells"] = [c for c in notebook["cells"] if grade_id(c) not in ANSWERS] + own
    return notebook


@honest
def an_answer_split_over_two_cells():
    notebook = solved(plot_gd="LOSS_GD = fit_GD(model, loss_func, X, Y, 0.01, 60)\n"
                              "fig, ax_GD = plt.subplots()")  # fmt: skip
    rest = ANSWERS["lab05-plot-gd"].split("plt.subplots()\n")[1]
    return before(notebook, "lab05-plot-gd-check", rest)


@honest
def the_answer_in_a_cell_of_its_own():
    notebook = solved()
    released = short_lab()
    stub = released["cells"][find(released, "lab05-fit-gd")]["source"]
    change(notebook, "lab05-fit-gd", lambda cell: cell.update(source=stub))
    return before(notebook, "lab05-fit-gd-check", ANSWERS["lab05-fit-gd"])


@honest
def a_copied_practice_cell():
    notebook = solved()
    at = find(notebook, "lab05-fit-gd")
    wrong = copied(notebook["cells"][at])
    wrong["source"] = "def fit_GD(model, loss_func, X, Y, lr, num_epochs):\n    return np.ones(3)"
    notebook["cells"].insert(at, wrong)
    return notebook


@honest
def an_untouched_copy_after_the_answer():
    notebook = solved()
    released = short_lab()
    stub = copied(released["cells"][find(released, "lab05-fit-gd")])
    notebook["cells"].insert(find(notebook, "lab05-plot-gd") + 1, stub)
    return notebook


@honest
def metadata_stripped():
    return each(solved(), lambda cell: cell.update(metadata={}))


@honest
def metadata_and_ids_stripped():
    def strip(cell):
        cell.update(metadata={})
        cell.pop("id")

    notebook = each(solved(), strip)
    notebook["nbformat_minor"] = 4
    return notebook


@honest
def nothing_marked_and_a_name_used_again():
    def strip(cell):
        cell.update(metadata={})
        cell.pop("id")

    notebook = each(check_cells_gone(), strip)
    notebook["nbformat_minor"] = 4
    return last(notebook, "model = torch.nn.Linear(1, 1)\nprint(model(X.reshape(-1, 1))[:2])")


@honest
def another_kernels_name():
    notebook = solved()
    notebook["metadata"] = {
        "kernelspec": {"display_name": "My env (conda)", "language": "python", "name": "my-env"},
        "language_info": {"name": "python", "version": "3.13.0"},
        "colab": {"provenance": []},
    }
    return notebook


@honest
def windows_line_ends_and_bom():
    notebook = each(solved(), lambda c: c.update(source="".join(c["source"]).replace("\n", "\r\n")))
    text = json.dumps(notebook, indent=1).replace("\n", "\r\n")
    return Case("windows_line_ends_and_bom", b"\xef\xbb\xbf" + text.encode())


@honest
def utf_16():
    return Case("utf_16", json.dumps(solved(), ensure_ascii=False).encode("utf-16"))


@honest
def nbformat_3():
    cells = []
    for cell in solved()["cells"]:
        if cell["cell_type"] == "code":
            made = {"cell_type": "code", "language": "python", "collapsed": False}
            made |= {"input": cell["source"], "outputs": [], "metadata": cell["metadata"]}
        else:
            made = cell
        cells.append(made)
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    return Case("nbformat_3", json.dumps(old | {"worksheets": [{"cells": cells}]}).encode())


@honest
def check_cells_deleted():
    return check_cells_gone()


@honest
def check_cells_edited():
    def edit(cell):
        if (grade_id(cell) or "").endswith("-check"):
            cell["source"] = "# check(...)  I commented this out\n1 / 0"

    return each(solved(), edit)


@honest
def check_cells_doubled_and_on_top():
    notebook = solved()
    checks = [copied(c) for c in notebook["cells"] if (grade_id(c) or "").endswith("-check")]
    notebook["cells"] = notebook["cells"][:2] + checks + notebook["cells"][2:]
    return notebook


@honest
def check_cell_retyped_as_text():
    def retype(cell):
        cell["cell_type"] = "markdown"
        cell.pop("outputs"), cell.pop("execution_count")

    return change(solved(), "lab05-fit-gd-check", retype)


@honest
def a_failing_cell_in_between():
    return before(solved(), "lab05-fit-gd", "1 / 0")


@honest
def fails_after_the_answer():
    return solved(fit_gd=ANSWERS["lab05-fit-gd"] + "\nprint(this_name_is_not_defined)")


@honest
def asks_for_input_and_takes_none():
    return first(solved(), "name = input('Your name? ')")


@honest
def exits_in_an_extra_cell():
    return before(solved(), "lab05-fit-bgd", "import sys\nsys.exit(0)")


@honest
def quits_like_in_a_terminal():
    return before(solved(), "lab05-fit-bgd", "exit()")


@honest
def timed_with_a_magic():
    return solved(plot_gd="%%time\n" + ANSWERS["lab05-plot-gd"])


@honest
def magics_and_shell_lines():
    return first(solved(), "%matplotlib inline\n!echo hello\n%load_ext autoreload\n%autoreload 2")


@honest
def own_plotting_style():
    return first(
        solved(), "plt.rcParams['figure.figsize'] = (3, 2)\nplt.style.use('ggplot')\nplt.ion()"
    )


@honest
def shadows_builtins():
    return first(solved(), "max = 3\nlist = [1]\nsum = None\nprint = lambda *a, **k: None\nid = 5")


@honest
def lists_of_tensors():
    text = ANSWERS["lab05-fit-gd"].replace("loss.item()", "loss.detach()")
    return solved(fit_gd=text.replace("np.array(losses)", "losses"))


@honest
def with_an_optimizer():
    text = """\
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w, b = torch.nn.Parameter(torch.rand(())), torch.nn.Parameter(torch.rand(()))
    optimizer = torch.optim.SGD([w, b], lr=lr)
    log = torch.zeros(num_epochs)
    for epoch in range(num_epochs):
        optimizer.zero_grad()
        loss = loss_func(model(X, w, b), Y)
        log[epoch] = loss.detach()
        loss.backward()
        optimizer.step()
    return log
"""
    return solved(fit_gd=text)


@honest
def with_a_data_loader():
    text = """\
from torch.utils.data import DataLoader, TensorDataset
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    means = []
    loader = DataLoader(TensorDataset(X, Y), batch_size=batch_size, shuffle=True)
    for epoch in range(num_epochs):
        seen = []
        for x, y in loader:
            loss = loss_func(model(x, w, b), y)
            seen.append(float(loss))
            loss.backward()
            for p in (w, b):
                p.data -= lr * p.grad
                p.grad = None
        means.append(sum(seen) / len(seen))
    return np.asarray(means)
"""
    return solved(fit_bgd=text)


@honest
def many_threads():
    return first(solved(), "torch.set_num_threads(4); torch.set_num_interop_threads(2)")


@honest
def own_module_beside_the_notebook():
    module = f"import numpy as np\nimport torch\n{ANSWERS['lab05-fit-gd']}"
    notebook = solved(fit_gd="from my_training import fit_GD\n")
    files = {"my_training.py": module.encode(), "notes.txt": b"to do", "labhelpers/x.py": b"1/0"}
    return Case("own_module_beside_the_notebook", notebook, files)


@honest
def huge_stored_outputs():
    picture = {"output_type": "display_data", "metadata": {}}
    picture["data"] = {"image/png": "A" * 8_000_000}
    return change(solved(), "lab05-plot-gd", lambda cell: cell.update(outputs=[picture]))


@honest
def awaits_at_top_level():
    return first(solved(), "import asyncio\nawait asyncio.sleep(0.01)")


@honest
def threads_and_subprocesses():
    return first(
        solved(),
        "import subprocess, sys, threading\nthreading.Thread(target=print, args=('hi',)).start()\n"
        "print(subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout)",
    )


@honest
def writes_and_reads_its_own_files():
    return last(
        solved(),
        "np.savetxt('losses.csv', LOSS_GD); plt.savefig('figure.png')\n"
        "assert len(np.loadtxt('losses.csv')) == 60",
    )


@honest
def seeds_everywhere():
    text = ANSWERS["lab05-fit-bgd"].replace("    w = torch", "    np.random.seed()\n    w = torch")
    return first(solved(fit_bgd=text), "torch.manual_seed(7); np.random.seed(7)")


@honest
def a_name_with_spaces_and_letters():
    return Case("Žofia van der Ünïcode (3)", solved())


@honest
def a_name_that_a_spreadsheet_would_run():
    return Case("=HYPERLINK(1)", solved())
