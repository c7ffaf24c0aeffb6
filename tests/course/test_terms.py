"""Each term is introduced, in bold, before the labs use it."""

import re
from dataclasses import dataclass

import pytest

#: What a reader meets, in the order of the labs: the term as a pattern, where it is introduced.
TERMS = {
    # term: (lab, heading)
    "factor": ("lab00", "Predict, run, compare"),
    "learning rate": ("lab00", "Practice: one step, by hand"),
    "standard deviation": ("lab01", "The data and the line"),
    "noise": ("lab01", "The data and the line"),
    "shape": ("lab01", "The data and the line"),
    "samples?": ("lab01", "The data and the line"),
    "parameters?": ("lab01", "The data and the line"),
    "residuals?": ("lab01", "The loss and its surface"),
    "mean squared error": ("lab01", "The loss and its surface"),
    "loss surface": ("lab01", "The loss and its surface"),
    "least[- ]squares": ("lab01", "The loss and its surface"),
    "contour": ("lab01", "The loss and its surface"),
    "curvatures?": ("lab01", "One parameter, by hand"),
    "diverge[sd]?|diverging": ("lab01", "One parameter, by hand"),
    "converge[sd]?": ("lab01", "One parameter, by hand"),
    "partial derivative": ("lab01", "The gradient of both"),
    "gradient": ("lab01", "The gradient of both"),
    "finite difference": ("lab01", "The gradient of both"),
    "autograd": ("lab01", "The gradient of both"),
    "updates?": ("lab01", "Training, step by step"),
    "iterations?": ("lab01", "Training, step by step"),
    "batch": ("lab01", "Training, step by step"),
    "in place(?! of)": ("lab01", "Training, step by step"),
    "broadcasts?": ("lab01", "Spot the mistake: a line that learns nothing"),
    "Hessian": ("lab01", "Why: two directions, two factors"),
    "eigenvector": ("lab01", "Why: two directions, two factors"),
    "eigenvalue": ("lab01", "Why: two directions, two factors"),
    "condition number": ("lab01", "Why: two directions, two factors"),
    "epochs?": ("lab02", "The data and batch descent"),
    "stop condition": ("lab02", "The data and batch descent"),
    "tolerance": ("lab02", "The data and batch descent"),
    "stochastic": ("lab02", "One sample at a time"),
    "SGD": ("lab02", "One sample at a time"),
    "cycle": ("lab02", 'Spot the mistake: "the loss fluctuates"'),
    "shuffl(?:e|ed|es|ing)": ("lab02", "Spot the mistake: a loss that settles too high"),
    "excess": ("lab02", "What remains"),
    "mini-batch": ("lab03", "Dataset and DataLoader"),
    "batch size": ("lab02", "Play with both"),
    "standard error": ("lab03", "The noise of the gradient"),
    "without replacement": ("lab03", "The noise of the gradient"),
    "variance": ("lab03", "Quiz"),
    "modules?": ("lab04", "The line as a module"),
    "dropout": ("lab04", "The line as a module"),
    "design matrix": ("lab04", "The general model"),
    "standardis(?:e|ed|ing)": ("lab04", "Standardised inputs"),
    "momentum": ("lab04", "Momentum"),
    "optimizer": ("lab04", "Momentum"),
    "Adam": ("lab04", "Adam"),
    "bias correction": ("lab04", "Adam"),
    "accelerator": ("lab04", "Three batch sizes"),
    "hover": ("lab04", "Which rate, how many updates"),
    "R²": ("lab04", "R²"),
}
# Names of methods and classes are no uses of a term that is part of them.
NAMES = re.compile(
    r"[Gg]radient descent|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<[^>]*>|[Ll]abs? \d, [^.]*|batch descent"
)


@dataclass(frozen=True)
class Paragraph:
    lab: str
    heading: str
    text: str


def paragraphs(path) -> list[Paragraph]:
    """The prose under the headings of a lab; its plan above them announces what is to come."""
    found, heading = [], None
    for cell in path.read_text(encoding="utf-8").split("# %%")[1:]:
        if not cell.startswith(" [markdown]"):
            continue
        text = re.sub(r"^# ?", "", cell.partition("\n")[2], flags=re.MULTILINE)
        for block in re.split(r"\n{2,}|\n(?=- |\d\. |\|)", text):
            if block.startswith("##"):
                title, _, block = block.partition("\n")
                heading = re.sub(r"^#+ (\d+\. )?", "", title)
            # A look ahead at another lab may name what it will introduce.
            if heading and "](lab" not in block and not block.startswith("**Next"):
                found.append(Paragraph(path.name[:5], heading, " ".join(block.split())))
    return found


@pytest.fixture(scope="module")
def prose(course):
    labs = sorted((course / "solutions").glob("lab*.py"))
    return [paragraph for path in labs for paragraph in paragraphs(path)]


def first_use(term: str, prose: list[Paragraph]) -> Paragraph:
    """The first paragraph with a term."""
    used = re.compile(rf"(?<![\w-])(?:{term})", re.IGNORECASE if term.islower() else 0)
    return next(one for one in prose if used.search(NAMES.sub(" ", one.text)))


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_introduced_where_it_is_first_used(term, prose):
    lab, heading = TERMS[term]
    first = first_use(term, prose)
    assert first.lab == lab and first.heading.startswith(heading), (
        f"'{term}' is used in {first.lab}, '{first.heading}', before it is introduced: {first.text}"
    )
    bold = re.findall(r"\*\*(.+?)\*\*", first.text)
    assert any(re.search(term, words, re.IGNORECASE) for words in bold), (
        f"{first.lab}, '{first.heading}': introduce '{term}' in bold: {first.text}"
    )
