"""What pyproject.toml has no words for: the wheel holds less than an editable install.

`python -m build` makes the wheel of `labhelpers` and `labchecks`, for a notebook that runs
elsewhere, as on Colab.
The instructor's `labtools` and its command `labs` work in a copy of the course only, where
`pip install -e .` puts them.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

PACKAGES = ("labchecks", "labhelpers")


class StudentWheel(bdist_wheel):
    """A wheel of what the labs import."""

    def run(self):
        """Leave the other packages and their command out, then build as usual."""
        packages = self.distribution.packages
        self.distribution.packages = [p for p in packages if p.split(".")[0] in PACKAGES]
        self.distribution.entry_points = {}
        if self.dist_info_dir:  # written before, when pip asked for the metadata alone
            Path(self.dist_info_dir, "entry_points.txt").unlink(missing_ok=True)
        super().run()


setup(cmdclass={"bdist_wheel": StudentWheel})
