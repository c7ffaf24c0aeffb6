"""Who handed in what, as Gradescope writes it beside the folders of an export."""

METADATA = "submission_metadata.yml"


def submitters(content: bytes) -> dict[str, str]:
    """By folder, the id of the student, or of several who handed in together.

    Raises
    ------
    ValueError
        If it cannot be read.

    >>> submitters(b"submission_7: {':submitters': [{':name': Ada, ':sid': 12}]}")
    {'submission_7': 'Ada_12'}
    """
    import yaml

    try:
        # A loader that makes nothing but plain values.
        data = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("it is no YAML") from error
    found = {}
    for folder, about in data.items() if isinstance(data, dict) else ():
        persons = about.get(":submitters") if isinstance(about, dict) else None
        names = [_student(p) for p in persons or () if isinstance(p, dict)]
        if isinstance(folder, str) and any(names):
            found[folder] = " & ".join(name for name in names if name)
    return found


def _student(person: dict[str, object]) -> str:
    name, sid, email = (str(person.get(f":{k}") or "").strip() for k in ("name", "sid", "email"))
    return "_".join(part for part in (name, sid or email) if part)
