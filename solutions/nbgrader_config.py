"""For an institution that releases and grades with nbgrader's own commands.

Copy this file into your nbgrader course folder, and the executed notebooks of solutions/ into
``source/<lab>/``. Then ``nbgrader generate_assignment <lab>``, ``collect`` and ``autograde``
work as for any course.
"""

c = get_config()  # noqa: F821, nbgrader provides it

# nbgrader's own stub raises NotImplementedError, which would stop "Run All" in an untouched lab.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "*Write your answer here.*"

# The author's assertions on numbers in the text. They give answers away, and no grade needs them.
c.ClearHiddenTests.begin_test_delimeter = "BEGIN AUTHOR"
c.ClearHiddenTests.end_test_delimeter = "END AUTHOR"
c.ClearHiddenTests.enforce_metadata = False

# Seconds that one cell of a submission may take.
c.ExecutePreprocessor.timeout = 120
