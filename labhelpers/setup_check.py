"""The set-up check of the start page: one line for each thing that the labs need.

Each line begins with ``[OK]`` or ``[FAIL]``; a cure follows every ``[FAIL]``. Nothing that differs
from one sound machine to the next (versions found, folders) appears in a line that is OK.
"""

import importlib
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

COURSE = "gradient-descent-labs"

#: Distribution -> module. What the labs and this package import; the limits on their versions stand
#: in the course's own metadata.
IMPORTED = {
    "ipython": "IPython",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "scikit-learn": "sklearn",
    "torch": "torch",
}

REINSTALL = (
    "close JupyterLab, install the course as its README says, start JupyterLab as it says, and "
    "open this page again there"
)


class Finding(NamedTuple):
    """What one check found."""

    #: What was checked, said so that it fits both outcomes.
    what: str
    #: What is the matter, and what to do about it; empty if nothing is.
    found: str = ""
    cure: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is the matter."""
        return not self.found

    def __str__(self) -> str:
        if self.ok:
            return f"[OK]   {self.what}"
        return f"[FAIL] {self.what}: {self.found}\n       Cure: {self.cure}."


#: What a check returns: what it found and the cure, or ``None`` if nothing is the matter.
Fault = tuple[str, str] | None


def check_setup() -> bool:
    """Print one line for each thing that the labs need, with a cure for what is missing.

    Returns whether everything is in order. A check never raises.
    """
    failed = 0
    for finding in findings():
        print(finding)
        failed += not finding.ok
    if failed:
        things = "1 thing needs" if failed == 1 else f"{failed} things need"
        print(
            f"\n{things} your attention. Follow each cure from the top, restart the kernel "
            "(menu Kernel), and run this cell again."
        )
    else:
        print("\nEverything is in order.")
    return not failed


def findings() -> Iterator[Finding]:
    """Make the checks one after the other."""
    for what, check in _CHECKS:
        try:
            fault = check() or ()
        except Exception as error:  # the check is to report every fault, expected or not
            if isinstance(error, metadata.PackageNotFoundError) and error.name == COURSE:
                continue  # said once; the cure is the same
            fault = f"{type(error).__name__}: {error}", REINSTALL
        yield Finding(what, *fault)


# The checks --------------------------------------------------------------------------------------


def check_course() -> Fault:
    try:
        metadata.metadata(COURSE)
    except metadata.PackageNotFoundError:
        return (
            "the course is not installed in this kernel's Python",
            "choose the kernel of the course at the top right of this page; if there is none, "
            f"{REINSTALL}",
        )


def check_python() -> Fault:
    # packaging comes with matplotlib.
    from packaging.specifiers import SpecifierSet

    wanted = metadata.metadata(COURSE)["Requires-Python"]
    found = ".".join(map(str, sys.version_info[:3]))
    if found not in SpecifierSet(wanted):
        return (
            f"this kernel runs Python {found}, the labs need {wanted}",
            "choose another kernel at the top right of this page; if there is none, install a "
            f"newer Python and {REINSTALL}",
        )


def check_packages() -> Fault:
    from packaging.requirements import Requirement

    requirements = map(Requirement, metadata.metadata(COURSE).get_all("Requires-Dist") or [])
    wanted = {requirement.name: requirement.specifier for requirement in requirements}
    faults, names = [], []
    for name, module in IMPORTED.items():
        limits = wanted.get(name, "")
        try:
            version = metadata.version(name)
            importlib.import_module(module)
        except metadata.PackageNotFoundError:
            faults.append(f"{name} is missing")
        except Exception as error:
            faults.append(f"{name} cannot be loaded ({type(error).__name__}: {error})")
        else:
            # A build such as 2.3.0+cpu fits, and so does a pre-release between the limits.
            if not limits or limits.contains(version, prereleases=True):
                continue
            faults.append(f"{name} {version} is installed, the labs need {limits}")
        names.append(f'"{name}{limits}"')
    if faults:
        return (
            "; ".join(faults),
            f"run `%pip install {' '.join(names)}` in a cell and restart the kernel; or "
            f"{REINSTALL}",
        )


def check_gradient() -> Fault:
    import torch

    w = torch.tensor(3.0, requires_grad=True)
    (w**2).backward()
    if w.grad is None or w.grad.item() != 6:
        return (
            f"the derivative of w² at w = 3 is 6, PyTorch says {w.grad}",
            f"PyTorch's installation is broken: {REINSTALL}",
        )


def check_data() -> Fault:
    from labhelpers import LossSurface, data

    points = data.gentle_line()
    w, b = LossSurface(points.x, points.y).minimum
    if abs(w - 1.00637) > 1e-4 or abs(b + 1.02224) > 1e-4:
        return (
            f"the least-squares line of Lab 1's data is ({w:.5f}, {b:.5f}) here",
            "PyTorch's random numbers differ in your version; the labs work, but numbers in their "
            f"texts will not agree. To make them agree, {REINSTALL}",
        )


def check_drawing() -> Fault:
    from labhelpers import data, plot_fit

    (picture,) = plot_fit(data.gentle_line(), (0, 0)).panels()
    if not picture.startswith("<svg"):
        return ("no picture came out", f"matplotlib is broken: {REINSTALL}")


def check_kernel() -> Fault:
    from IPython import get_ipython

    if get_ipython() is None:
        return (
            "this is plain Python, where nothing below a cell can be shown",
            "open the page in JupyterLab or another notebook program",
        )


def check_plots() -> Fault:
    import matplotlib

    backend = matplotlib.get_backend().lower()
    shown = ("inline", "ipympl", "widget", "nbagg", "notebook")
    if not any(word in backend for word in shown):
        return (
            f"matplotlib draws with its backend {backend}, which does not show figures in the page",
            "run `%matplotlib inline` in a cell; if it helps, look for a setting `backend` in a "
            "matplotlibrc file or for a variable MPLBACKEND",
        )


def check_folder() -> Fault:
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()) as file:
            file.write(b"saved")
    except OSError as error:
        return (
            f"nothing can be written to the folder {Path.cwd()} ({error.strerror})",
            "copy the folder `notebooks` to a place of your own, such as your home folder, and "
            "open the copy. If the disk is full, make room first",
        )


#: What is checked, in words, and the function that checks it.
_CHECKS = (
    ("the course is installed", check_course),
    ("Python is new enough", check_python),
    ("the packages are there and fit", check_packages),
    ("PyTorch computes a derivative", check_gradient),
    ("the data are those of the texts", check_data),
    ("the course's figures can be drawn", check_drawing),
    ("this page has a notebook kernel", check_kernel),
    ("your own plots appear in the page", check_plots),
    ("your work can be saved", check_folder),
)
