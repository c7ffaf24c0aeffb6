"""INSTRUCTOR: `labs grade`, from a folder of submissions to grades and feedback.

The rooms, in the order in which a submission meets them:

`handed_in`
    `submissions` finds it (`sources` lists a folder or zip, `layout` tells whose files are whose,
    `choosing` which notebook is meant) and `notebook` opens it.
`sandbox`
    `station` and `home` run it behind the walls of `bubblewrap`, with what `sealing` leaves.
`inside`
    The only part that shares a process with a student's code.
`judging`
    `assignment` knows the lab and draws the hidden cases, `examination` asks for answers, `claims`
    reads what comes back, `verdicts` judges.
`results`
    `page`, `autograded`, `gradebook` and `tables` write it down.
`running`
    `unit` does all of this for one submission, `workers` and `cluster` for many, `grade` for the
    command.

What passes between them is in `records`; `journal` keeps it. A test says which may import which.
"""
