"""Exit codes by which a submission's processes say how they ended. Any of them may be forged."""

#: A copy that answers: nothing that was asked for is defined yet; a call ran over its time.
NOTHING_THERE, OVERDUE = 3, 4

#: A cell took the shell apart; it used up the memory, or the threads, and holds them; what was to
#: be read at once has to be asked with care.
TAKEN_APART, MEMORY_GONE, CROWDED, UNDECIDED = 71, 72, 73, 74
