# %% [markdown]
# # Start here · How a lab works
#
# After this page you know that your computer is ready, and how to get the most out of a lab.
#
# **You will**
#
# - **check** that everything the labs need is there,
# - **predict** a result, run it, and compare,
# - **solve** a first practice and read what its check says.
#
# | section | minutes |
# |---|---|
# | 1. Is everything there? | 3 |
# | 2. Cells | 1 |
# | 3. Predict, run, compare | 4 |
# | 4. Practices, checks, hints | 5 |
# | 5. Wrap-up and quiz | 2 |
#
# **Before you start:** you need some [Python](https://docs.python.org/3/tutorial/) (variables, lists,
# loops, functions) and the slope of a curve. You need no PyTorch yet.
#
# ## 1. Is everything there?
#
# A grey box like the next one is a **code cell**. Click into it and press
# <kbd>Shift</kbd>+<kbd>Enter</kbd>. It runs, and its output appears below it. The first run takes a
# few seconds.

# %%
try:
    from labhelpers.setup_check import check_setup
except ImportError as error:
    print(f"[FAIL] the course can be loaded: {error}")
    print("       Cure: choose the kernel of the course at the top right of this page. If there is")
    print("       none, close JupyterLab, install the course as its README says, start JupyterLab")
    print("       as it says, and open this page again there.")
else:
    check_setup()

# %% [markdown]
# Every line should begin with [OK]. If one begins with [FAIL], its cure stands below it: follow it,
# then run the cell again.
#
# One thing only you can check: whether interactive figures work in your browser. Run the next
# cell. It shows gradient descent, the subject of this course, on 60 points. Press ▶ and watch the line
# find the points.

# %%
import labhelpers
from labhelpers import check, compare
from labhelpers.explorer import DescentExplorer

DescentExplorer(
    labhelpers.data.gentle_line(),
    start=(-15, -10),
    lr=0.1,
    steps=15,
    hide=("momentum", "batch_size", "shuffle", "seed", "compare", "marks"),
    task="Press ▶ and watch all three pictures.",
)

# %% [markdown]
# <details><summary>I see a picture that does not move</summary>
#
# Your notebook program does not run scripts in this page. In JupyterLab, choose <em>File → Trust
# Notebook</em> and run the cell again. In VS Code, accept the question whether you trust the folder.
# The labs also work without it: the picture and the sentence below it say the same.
# </details>

# %% [markdown]
# ## 2. Cells
#
# The number in brackets beside a cell says when it ran: `[ ]` not yet, `[*]` it is running, `[3]` it
# was the third. Cells share their variables, so run them from the top down and skip none.
#
# | what you want | what you do |
# |---|---|
# | run a cell and go to the next | <kbd>Shift</kbd>+<kbd>Enter</kbd> |
# | stop a cell that runs for too long | the button ■ at the top |
# | begin again with a clean slate | menu *Kernel*, *Restart Kernel and Run All Cells…* |
# | save your work | <kbd>Ctrl</kbd>+<kbd>S</kbd> (<kbd>⌘</kbd>+<kbd>S</kbd> on a Mac) |
#
# You may change any cell. If a lab no longer works after that, restart as in the table.
#
# ## 3. Predict, run, compare
#
# A lab explains something in a few sentences. Then it asks what **you** expect, before you run
# anything. Write your guess in place of `None`. Nobody marks it, and a wrong guess teaches you more than
# no guess: you notice what you had not understood. So guess before you read on: the text after the
# experiment names its result. `compare` shows your guess beside it.
#
# Here is an example. A ball lies 8 metres from the lowest point of a valley. With each step, the
# distance shrinks to 0.8 of what it was.
#
# **Predict.** How many metres are left after 10 steps?

# %%
guess_distance = None  # a number, in metres

# %%
distance = 8.0
for step in range(10):
    distance = 0.8 * distance

print(f"after 10 steps {distance:.3f} metres are left")
compare("lab00-distance", guess_distance)
### BEGIN AUTHOR
assert abs(distance - labhelpers.prediction.answer_to("lab00-distance")) < 5e-4
### END AUTHOR

# %% [markdown]
# After 10 steps 0.859 metres are left: a **factor** between −1 and 1, applied again and again, shrinks
# anything. You will meet such a factor in every lab.
#
# ## 4. Practices, checks, hints
#
# In a **practice** you write the code. It always has three parts: a cell for your code, a **check
# cell** that looks at your answer, and folded **hints**. A check says one of three things. Run the next
# cell to see them. The question in this example is "what is twice 3?".

# %%
from labchecks.checking import check_double

check_double(None)  # nobody has answered yet
check_double(9)  # a wrong answer
check_double(6)  # the right one

# %% [markdown]
# - **Not attempted**: the answer is still empty. Nothing is wrong, so you can run a whole lab before
#   you solve it.
# - **Not yet**: the answer is not right yet. The sentence below says what the check saw and where to
#   look.
#   Change your code, run it, and run the check again, as often as you like.
# - **Correct**: go on.
#
# Where a part of the answer is right, the check says so, and part of the points counts.
#
# ### Practice: one step, by hand (1 point)
#
# Gradient descent, the method of all the labs, moves a number w down a slope:
#
# $$w_{\text{new}} = w - \eta \cdot \text{slope},$$
#
# where η (eta) is the **learning rate**. Let w = 3, slope = 4 and η = 0.1. Compute the new w and call
# it `new_w`.
#
# First run both cells as they are, to see what the check says about an empty answer. Then solve it.
#
# *Correct output:* one number, a little smaller than 3.

# %% practice="lab00-one-step"
new_w = None  # one number

### BEGIN SOLUTION
new_w = 3 - 0.1 * 4
print(f"w moves from 3 to {new_w:.1f}")
assert abs(new_w - 2.6) < 1e-9
### END SOLUTION

# %% check="lab00-one-step" points=1
check("lab00-one-step")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Put the three numbers into the formula. Python's sign for "times" is `*`.
# </details>
# <details><summary>Hint 2</summary>
#
# The step is η·slope = 0.1 · 4. The new w is 3 minus the step.
# </details>
#

# %% [markdown]
# When you are stuck: think, run what you have, read what the check says, open one hint, and think
# again. The last hint comes close to a solution.
#
# **Where are the solutions?** Neither in this folder nor hidden in a check. A check holds no solved code: it
# compares what your code computes with what must come out. Your instructor has the solved labs.
#
# The next cell shows where you stand, at any time.

# %%
labhelpers.progress("lab00")

# %% [markdown]
# ## 5. Wrap-up
#
# - Run cells from the top down; restart when in doubt.
# - Write a guess before you run, and compare.
# - A check says *correct*, *not yet* with a reason, or *not attempted*. It never costs points to run
#   it.
# - Hints lead from a nudge to a near-solution, one at a time.
#
# ### Quiz
#
# **1.** You open a lab in the middle and run one cell. It says `NameError: name 'X' is not
# defined`. What has happened?
#
# - (a) The lab is broken.
# - (b) A cell further up has not run yet.
# - (c) A package is missing.
#
# <details><summary>Answer</summary>
#
# **(b).** `X` is made in a cell above. Choose *Run*, *Run All Above Selected Cell*. (a) Restart and run
# all: if it then works, the lab is fine. (c) A missing package gives another error, a
# `ModuleNotFoundError`, and the check of section 1 names it.
# </details>
#
# **2.** A check says "Not attempted", though you have written code. The likely reason:
#
# - (a) Your code is wrong.
# - (b) You did not run your cell, or used another name.
# - (c) You ran the check too often.
#
# <details><summary>Answer</summary>
#
# **(b).** The check reads the variable that the practice names, as it is after your cell has run. (a) A
# wrong answer gives "Not yet". (c) You can run a check as often as you like.
# </details>
#
# **Next:** the labs, in order. Each takes one to two hours; its first table says how long each section
# takes.
#
# 1. [Lab 1](lab01_two_parameter_training.ipynb): gradient descent for a line, step by step
# 2. [Lab 2](lab02_batch_vs_stochastic.ipynb): one sample at a time
# 3. [Lab 3](lab03_mini_batch.ipynb): mini-batches
# 4. [Lab 4](lab04_linear_with_adam.ipynb): PyTorch's modules and the optimizer Adam
# 5. [Lab 5](lab05_implement_gradient_descent.ipynb): the assignment
# 6. [Lab 6](lab06_beyond_the_line.ipynb): networks, and data that were measured
