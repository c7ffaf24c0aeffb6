"""The instructor's tools: build, release and grade the labs (`labs --help`)."""

import sys

# nbformat imports jsonschema, which tries to import this for one kind of web address that no
# notebook has a rule for: more than a second at the start of every command. It does without where
# the package is missing, and so says Python of a module that is None here.
sys.modules.setdefault("rfc3987_syntax", None)
