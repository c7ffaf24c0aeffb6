"""A hint at the line to look at, where no known mistake explains an answer.

Small edits of the student's own code are tried on the cases that the check cell asks. If edits
make the answer right, the hint names the smallest part of the code in which all of them lie, and
the kind of thing to look at there. It never says which edit it was.
"""

import ast
import contextlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from types import CodeType, ModuleType

from labchecks.ask.values import read_numbers
from labchecks.engine.edits import FILE, WIDE, Trial, double_trials, how_many, trials
from labchecks.feedback import Feedback
from labchecks.registry import Answer, Case, Practice
from labchecks.rerun import Rerun, cell_of, essential, looks_up, touched

#: What the time of a search is measured with.
clock = time.perf_counter


#: Seconds that a search may take.
SECONDS = 1.5

#: Seconds that any program may take for an answer, and how many times as long as the student's own;
#: and the seconds of one that has passed a quick case, after which few are left.
AT_LEAST, TIMES, AT_LAST = 0.012, 10.0, 0.3

#: Seconds of looking for a quicker form of a case.
LOOKING = 0.2

#: Kinds of answer that no right program gives.
NO_ANSWER = frozenset({"absent", "stub", "error", "timeout", "other"})

#: The longest part of the code that is named.
LONGEST = 6

#: Short names of verdicts that say what the numbers show, and not what would explain them.
UNEXPLAINED = frozenset(
    (
        ", another function, diverged, first loss differs, ignores its arguments, law broken, "
        "negative loss, not Adam, not converged, not finite, not of this run, not one number, "
        "nothing descends, other gradients, recorded losses differ, right for some calls only, "
        "second call differs, shuffled loader, steps differ, too many values, wrong end, "
        "wrong number of epochs, wrong number of parameters, wrong number of values, wrong shape, "
        "wrong values"
    ).split(", ")
)


def unexplained(feedback: Feedback) -> bool:
    """Whether a verdict says that an answer is wrong, and names no mistake that explains it."""
    return feedback.outcome in ("incorrect", "partial") and feedback.mistake in UNEXPLAINED


def line_hint(
    practice: Practice,
    namespace: Mapping[str, object],
    cases: Sequence[Case],
    answers: Sequence[Answer],
    feedback: Feedback,
    seconds: float | None = None,
) -> str:
    """The hint, or ``""`` where there is none to be given.

    Parameters
    ----------
    practice, namespace, cases, answers, feedback
        What was asked, and what the judge said of it.
    seconds : float, optional
        How long the search may take; :data:`SECONDS` if left out.
    """
    deadline = clock() + (SECONDS if seconds is None else seconds)
    if practice.question[:1] == ("figure",) or not unexplained(feedback):
        return ""
    cell = cell_of(practice, namespace)
    if cell is None or not isinstance(namespace, MutableMapping):
        return ""
    source = essential(practice, cell)
    reached = touched(source, namespace)
    if reached is None:
        return ""
    try:
        rerun = Rerun(practice, namespace, source, reached)
        with rerun.quietly():
            search = _Search(rerun, source, cases, answers, deadline)
            found = search.run()
    except (TimeoutError, SyntaxError):  # such as of `await`, which only a notebook knows
        return ""
    return _said(found, search.tree, cell) if found else ""


class _Search:
    """Tries edits until all are tried or those that succeed lie apart.

    Where the time is up before, nothing can be named: what was not tried may succeed elsewhere.
    """

    def __init__(self, rerun, source, cases, answers, deadline):
        self.rerun, self.source, self.deadline = rerun, source, deadline
        self.cases, self.answers = list(cases), list(answers)
        self.judge = rerun.practice.judge
        self.tree = ast.parse(source)
        self.code = compile(source, FILE, "exec", dont_inherit=True)
        self.foreign = _foreign(self.tree, rerun.before)
        # The same program can be made in two places, as where one of two equal lines is left out.
        self.known: dict[object, bool] = {}
        self.passed: dict[tuple[int, str], bool] = {}
        self.look: Callable[[list], None] | None = None

    def run(self) -> list[Trial]:
        """The edits that make the answer right, if all of them lie in one part of the code."""
        if not self._is_reproduced():
            return []
        begun = clock()
        found = self._that_succeed(trials(self.source))
        # More is only begun where all of it can be tried.
        number, took = len(self.known), clock() - begun
        wide = took / max(number, 1) * how_many(self.source, WIDE)
        if not found and clock() + wide < self.deadline:
            found = self._that_succeed(trials(self.source, WIDE))
        if not found and clock() + took * number / 2 < self.deadline:
            found = self._that_succeed(double_trials(self.source))
        return found if found and _part(found, self.tree) else []

    def _is_reproduced(self) -> bool:
        """Whether the unchanged program gives the same answers as before; sets the order of cases.

        If it does not, its answers depend on something that an earlier run has changed.
        """
        again: list[Answer] = []
        lists: list[list] = []
        costs, begun = [], clock()
        limits = [self.deadline - begun] * (len(self.cases) + 1)
        for answer in self.rerun.answers(self.code, self.cases, limits, lists.append):
            again.append(answer)
            costs.append(clock() - begun)
            begun = clock()
        if len(again) != len(self.cases) or begun > self.deadline:
            return False
        if not all(map(_alike, again, self.answers)):
            with_luck = self.rerun.drew and self.judge(self.cases, again)
            if not with_luck or not unexplained(with_luck):
                return False
        self.unedited = again
        # A list that nothing but appending fills is refused at its first wrong value.
        if hasattr(self.judge, "may_begin") and lists and len(lists) == len(lists[-1]):
            self.look = self._refuse
        # The quickest case that the program fails comes first, if possible in a quicker form.
        self.order = sorted(range(len(again)), key=costs.__getitem__)
        fails = (k for k in self.order if not self._passes(self.cases[k], again[k]))
        first = next(fails, self.order[0])
        self.order.sort(key=lambda k: k != first)
        self.gate, quick = self._quick_case(self.cases[first], costs[first])
        # The time of the program itself is in that of the case asked first.
        self.limits = [max(AT_LEAST, TIMES * cost) for cost in (costs[0], *quick)]
        least = AT_LAST if quick else AT_LEAST
        self.limits += [max(least, TIMES * costs[k]) for k in self.order]
        return True

    def _refuse(self, values: list) -> None:
        if not self.judge.may_begin(self.cases[0], read_numbers(values).get("values", ())):
            raise TimeoutError

    def _quick_case(self, case: Case, cost: float) -> tuple[list[Case], list[float]]:
        """The quickest form of a case that the program fails too, and its time; if soon found.

        `cost` is the time that the case itself takes.
        """
        found: list[Case] = []
        end = clock() + LOOKING
        for one in getattr(self.judge, "quick_cases", lambda _: ())(case):
            begun = clock()
            # What takes longer than the best one so far is given up.
            replies = self.rerun.answers(self.code, [one], [cost + AT_LEAST, cost])
            answer = next(replies, {"kind": "absent"})
            replies.close()
            fails = answer["kind"] != "timeout" and not self._passes(one, answer)
            took = clock() - begun
            if took < cost and fails:
                found, cost = [one], took
            if clock() > end:
                break
        return found, [cost] * len(found)

    def _passes(self, case: Case, answer: Answer) -> bool:
        """Whether the answer to one case may be a right one."""
        quick = getattr(self.judge, "may_be_right", None)
        # Many changes lead to the same wrong answer.
        key = id(case), repr(answer)
        if key not in self.passed:
            self.passed[key] = quick is None or quick([case], [answer])
        return self.passed[key]

    def _that_succeed(self, tried: Iterable[Trial]) -> list[Trial]:
        found: list[Trial] = []
        part = None
        for edit in tried:
            if part and part[0] <= edit.lines[0] and edit.lines[1] <= part[1]:
                continue
            right = self.known.get(edit.content)
            if right is None:
                right = self.known[edit.content] = self._is_right(edit.code)
                if clock() > self.deadline:
                    raise TimeoutError
            if right:
                found.append(edit)
                part = _part(found, self.tree)
                if part is None:
                    break
        return found

    def _is_right(self, code: CodeType) -> bool:
        if looks_up(code, self.foreign):
            return False
        cases = [*self.gate, *(self.cases[k] for k in self.order)]
        left = max(self.deadline - clock(), 0.001)
        limits = [min(limit, left) for limit in self.limits]
        replies = self.rerun.answers(code, cases, limits, self.look)
        with contextlib.closing(replies):
            given: list[Answer] = []
            for case, answer in zip(cases, replies, strict=False):
                if answer["kind"] in NO_ANSWER or not self._passes(case, answer):
                    return False
                given.append(answer)
                # The case that the student's own program fails.
                if len(given) == len(self.gate) + 1 and answer == self.unedited[self.order[0]]:
                    return False
        if len(given) < len(cases):
            return False
        answers = dict(zip(self.order, given[len(self.gate) :], strict=True))
        return self.judge(self.cases, [answers[k] for k in sorted(answers)]).outcome == "correct"


def _foreign(tree: ast.AST, namespace: Mapping[str, object]) -> frozenset[str]:
    """Data of the notebook that the program does not use, and no edit may use either."""
    nodes = list(ast.walk(tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    # No edit makes a name of an attribute, unless an argument is called so too.
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)} - {
        node.arg for node in nodes if isinstance(node, ast.arg)
    }
    return frozenset(
        name
        for name in namespace.keys() - used - {"__name__"}  # that one every class looks up
        if not callable(namespace[name]) and not isinstance(namespace[name], ModuleType)
    )


def _alike(found: object, other: object) -> bool:
    """Whether two answers are the same up to what another order of additions changes."""
    match found, other:
        case (float(), float() | int()) | (int(), float()):
            both_nan = found != found and other != other
            return both_nan or math.isclose(found, other, rel_tol=1e-5, abs_tol=1e-9)
        case list(), list():
            return len(found) == len(other) and all(map(_alike, found, other))
        case dict(), dict():
            return found.keys() == other.keys() and all(_alike(found[k], other[k]) for k in found)
    return found == other


# Where and what --------------------------------------------------------------------------------


def _part(found: Sequence[Trial], tree: ast.AST) -> tuple[int, int] | None:
    """First and last line of the smallest part of the code with all edits in it; None if none is.

    More than one line is named only where one statement, such as a loop, holds them all.
    """
    first = min(edit.lines[0] for edit in found)
    last = max(edit.lines[1] for edit in found)
    in_one = any(
        isinstance(node, ast.stmt) and node.lineno <= first and last <= node.end_lineno
        for node in ast.walk(tree)
    )
    return (first, last) if in_one and last - first < LONGEST else None


#: What to look at, by the kind of the likeliest edit that succeeds.
LOOK = {
    "sign": "what is added there, and what is subtracted",
    "gradients": "what the gradients hold at that point",
    "mean or sum": "how many numbers become one there",
    "operator": "how the numbers are combined there",
    "sides": "what stands on either side of the operators: does all of it belong there",
    "comparison": "the condition",
    "neighbours": "the order of the statements: what has to come before what",
    "moved": "the indentation: how often does this run, and when",
    "dropped": "whether this has to be done there",
    "fresh list": "where the list is made, and what comes back in the end",
    "doubled": "how often this has to be done, and for which names",
    "range": "where the loop begins and ends, and in which steps",
    "slice": "which rows or entries are taken",
    "argument": "what is handed over, and in which order",
    "call": "what is called there, and on what",
    "in place": "whether the assignment changes an object or makes a new one",
    "constant": "the numbers there",
    "missing": "what enters there: is anything missing",
    "name": "the names there: does each stand for what you mean",
    "expression": "each part of it: is it the one that you mean",
    "operand": "what enters there: is anything missing",
    "factor": "the factors there: is one too many, or one too few",
}

#: Characters of a line that are quoted.
QUOTED = 70


def _said(found: Sequence[Trial], tree: ast.AST, cell: str) -> str:
    first, last = _part(found, tree)
    line = cell.split("\n")[first - 1].strip()
    if len(line) > QUOTED:
        line = f"{line[:QUOTED]} …"
    where = f"line {first}, `{line}`," if first == last else f"lines {first} to {last}"
    conditional = any(
        isinstance(node, (ast.If, ast.While)) and node.lineno == first and last <= node.end_lineno
        for node in ast.walk(tree)
    )
    look = LOOK["comparison" if conditional else found[0].kind]
    end = "?" if ":" in look else "."
    return f"A hint, found by trying small changes of your code: look at {where} and at {look}{end}"
