"""INSTRUCTOR: `labs grade`, from a folder of submissions to grades and feedback.

The modules in the order in which a submission meets them: `submissions` finds it (`sources` lists a
folder or zip, `layout` tells whose files are whose, `choosing` which notebook is meant), `reading`
opens it, `assignment` knows the lab and draws the hidden cases, `sandbox` and `station` run it
(with `inside`, the only part that shares a process with a student's code), `examination` asks it,
`claims` reads what it says, `verdicts` judges, `page` and `gradebook` and `tables` write it down.
"""
