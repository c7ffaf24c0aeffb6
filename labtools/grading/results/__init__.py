"""What is written down: pages, notebooks, nbgrader's gradebook and the tables."""
