"""One submission after another, in worker processes or on a cluster, until all are graded."""
