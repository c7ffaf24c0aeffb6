"""The course secret: the seed from which hidden cases are drawn."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import secrets
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Secret", "SecretError", "course_secret"]

FILE = "course.secret"

_CURE = (
    "delete it to have a new one made (hidden cases then change), or copy the course's own into "
    "its place"
)


class SecretError(Exception):
    """The file is there and cannot be used, or it cannot be made."""


@dataclass(frozen=True)
class Secret:
    """The secret itself, and whether it has just been made."""

    value: str
    is_new: bool = False

    @property
    def fingerprint(self) -> str:
        """Eight characters by which two graders see that they use the same secret."""
        return hashlib.sha256(f"fingerprint {self.value}".encode()).hexdigest()[:8]

    def rng(self, purpose: str) -> random.Random:
        """A generator that is the same for everyone who has the secret, for each purpose another.

        >>> Secret("a").rng("x").random() == Secret("a").rng("x").random()
        True
        """
        digest = hmac.digest(self.value.encode(), purpose.encode(), "sha256")
        return random.Random(int.from_bytes(digest, "big"))


def course_secret(solutions: Path) -> Secret:
    """Read ``course.secret`` in `solutions`, making it if there is none.

    It stays out of version control and of what students get. Whoever is to give the same grades
    on another machine copies it there.

    Raises
    ------
    SecretError
        If the file holds nothing usable, or cannot be written.
    """
    path = solutions / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return _make(path)
    except UnicodeDecodeError as error:
        raise SecretError(f"{path} holds no text; {_CURE}") from error
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}") from error
    value = "".join(line.strip() for line in lines if not line.lstrip().startswith("#"))
    if len(value) < 16:
        raise SecretError(f"{path} holds fewer than 16 characters of secret; {_CURE}")
    return Secret(value)


def _make(path: Path) -> Secret:
    value = secrets.token_hex(32)
    text = (
        "# The seed of the hidden cases. Keep it from students and out of version control.\n"
        "# Copy this file to whoever grades the same course: same secret, same grades.\n"
        f"{value}\n"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return course_secret(path.parent)
    except OSError as error:
        raise SecretError(f"{path} cannot be made: {error.strerror}") from error
    return Secret(value, is_new=True)
