"""Whether a zip among the submissions is itself a download of a platform, left unopened."""

from labtools.grading.handed_in.naming import folder_upload, upload
from labtools.grading.handed_in.sources import Entry, Folder, NotReadable, Zip, opened_inside

#: Bytes of a zip that is read whole, to see all names in it.
LIMIT = 40_000_000


def is_zip(reader: Folder | Zip, entry: Entry) -> bool:
    """Whether a file begins as a zip does, be it whole or damaged."""
    return _first_name(reader, entry) is not None


def is_lms_download(reader: Folder | Zip, entry: Entry) -> bool:
    """Whether a zip holds several students' files, as a platform names them."""
    first = _first_name(reader, entry)
    if first is None:
        return False
    parts = first.split("/")
    if any(folder_upload(part) for part in parts):
        return True
    # Such a name of a file is one that a student may hit upon: all names must follow it.
    if upload(parts[-1]) is None:
        return False
    try:
        inner = Zip(opened_inside(reader.read(entry, LIMIT)))
    except NotReadable:
        return True  # too large, or too many files, to be one student's
    names = [upload(e.path.rsplit("/", 1)[-1]) for e in inner.entries()]
    return None not in names and len({name.who for name in names}) > 1


def _first_name(reader: Folder | Zip, entry: Entry) -> str | None:
    """The name of the first file in a zip, "" if there is none, None if it is no zip."""
    try:
        head = reader.head(entry, 30 + 400)
    except NotReadable:
        return None
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    length = int.from_bytes(head[26:28], "little") if head.startswith(b"PK\x03") else 0
    return head[30 : 30 + length].decode("utf-8", "replace").replace("\\", "/")
