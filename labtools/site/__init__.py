"""The course site (`make site`): the labs, the guides and the mistakes as static pages.

A page shows what a student's notebook shows. It is made from the student's cells and the outputs
of the solved lab, and nothing is written when a line of a solution would be on it.
"""
