"""Questions: how plain data are got out of a student's objects.

A question is a kind and plain arguments, such as ``("value", "LOSS2")``. It is asked where the
student's objects live. When graded that is a sandbox, and no other folder of this package is there.
An answer is made of dicts, lists, strings and numbers alone, so that it can be sent to a judge in
another process and needs no trust there. Every answer is a dict with a ``"kind"``:

========== =========================================================================
kind       further keys
========== =========================================================================
absent     the name is not defined
stub       the name is ``None``, or a function or class whose body is still empty
numbers    ``values`` (flat list of floats), ``shape``, ``type``
axes       ``curves`` (each ``x``, ``y``, ``label``, ``entry``: its text in the
           legend), ``xlabel``, ``ylabel``, ``title``, ``legend``, ``yscale``,
           ``beside`` (curves in other axes of the same figure)
calls      ``results``: for each call of a function an answer of its own
error      ``error``, ``message``, ``line`` (number or None), ``source``
timeout    ``seconds``
other      ``type``: something that is none of these
========== =========================================================================

The kinds of question add keys of their own, which their functions list.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from labchecks.ask.call import Answer, Case
from labchecks.ask.values import read_callable

#: Kind of question -> the module here and its function that asks it.
KINDS = {
    "value": ("values", "ask_value"),
    "figure": ("figure", "ask_figure"),
    "function": ("function", "ask_function"),
    "passes": ("function", "ask_passes"),
    "training": ("training", "ask_training"),
    "optimizer": ("training", "ask_optimizer"),
    "network": ("network", "ask_network"),
    "trained": ("network", "ask_trained"),
}

#: Kinds that call what the student defines; the others read what a cell has computed.
CALLED = KINDS.keys() - {"value", "figure"}


def ask(question: Sequence[Any], namespace: Mapping[str, object], case: Case) -> Answer:
    """Return the answer of the objects in `namespace` to `question` on one case.

    Parameters
    ----------
    question : sequence
        The kind, one of :data:`KINDS`, and its arguments.
    namespace : mapping
        The student's names.
    case : mapping
        Plain inputs.
    """
    kind, *arguments = question
    module, asked = KINDS[kind]
    if kind in CALLED:
        arguments[0], nothing = read_callable(namespace, arguments[0])
        if nothing is not None:
            return nothing
    return getattr(import_module(f"{__name__}.{module}"), asked)(namespace, case, *arguments)
