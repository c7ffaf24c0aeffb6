"""The walls around one submission: own namespaces, no rights, limits, a short list of system calls.

Each function makes one wall and raises `OSError` when the kernel refuses it. The order in which
they are put up is in `zygote`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Sequence
from pathlib import Path

__all__ = [
    "allow_inspection",
    "die_with_parent",
    "drop_rights",
    "filter_system_calls",
    "hide_the_rest",
    "leave_processes",
    "limit_resources",
    "mount_proc",
    "number_few_processes",
    "own_namespaces",
    "uncover_proc",
]

_libc = ctypes.CDLL(None, use_errno=True)

NEW_MOUNTS = 0x00020000
NEW_NAME = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PIDS = 0x20000000
NEW_NET = 0x40000000
_ANY_NAMESPACE = 0x7E020000  # these and cgroup

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_REC, MS_PRIVATE = 0x4000, 0x40000
DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 38, 47


def _call(name: str, *arguments) -> None:
    if getattr(_libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _prctl(option: int, *values: int) -> None:
    _call("prctl", option, *(ctypes.c_ulong(v) for v in (*values, 0, 0, 0, 0)[:4]))


def uncover_proc() -> None:
    """Take off what bubblewrap lays over parts of /proc.

    The kernel lets a new namespace mount its own /proc only where the present one is not partly
    covered. Each submission's /proc is mounted read-only, which protects the same files.
    """
    for name in ("sys", "sysrq-trigger", "irq", "bus"):
        _libc.umount2(f"/proc/{name}".encode(), DETACH)


def own_namespaces() -> None:
    """Leave the parent's users, processes, network, messages and host name.

    The caller keeps its process number; its next child is the first process of the new
    namespace, and when that one ends the kernel ends all others in it.
    """
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", NEW_USER | NEW_PIDS | NEW_NET | NEW_IPC | NEW_NAME)
    Path("/proc/self/setgroups").write_text("deny")
    # An ordinary number: whatever a submission starts regains no rights by being root.
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def leave_processes() -> None:
    """Leave the parent's processes and mounts; the next child is the first of its own."""
    _call("unshare", NEW_PIDS)
    _own_mounts()


def _own_mounts() -> None:
    _call("unshare", NEW_MOUNTS)
    _mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)


def mount_proc() -> None:
    """Mount a /proc that shows the processes of this namespace."""
    _mount(b"proc", b"/proc", b"proc", MS_NOEXEC | MS_NOSUID | MS_NODEV, None)


def hide_the_rest(folders: Sequence[str], megabytes: int) -> None:
    """Give the process empty folders of its own to write to, and a /proc that shows only itself."""
    _own_mounts()
    quiet = MS_NOSUID | MS_NODEV
    size = f"size={megabytes}m,nr_inodes=20000,mode=700"
    for folder in folders:
        _mount(b"tmpfs", folder.encode(), b"tmpfs", quiet, size.encode())
    try:
        _mount(b"proc", b"/proc", b"proc", MS_RDONLY | MS_NOEXEC | quiet, None)
    except OSError:
        # No /proc at all is safe as well; a few programs miss it.
        _mount(b"tmpfs", b"/proc", b"tmpfs", MS_RDONLY | quiet, b"size=4k,mode=555")


def number_few_processes() -> bool:
    """Let the process namespace give out a few hundred numbers only, where it has its own count.

    The kernel's limit on processes does not hold for root. From Linux 6.14 each namespace has its
    own largest process number; before that, this would change the whole machine's.
    """
    version = tuple(int(n) for n in platform.release().split("-")[0].split(".")[:2])
    path = Path("/proc/sys/kernel/pid_max")
    if version < (6, 14) or not path.exists():
        return False
    _libc.mount(None, b"/proc", None, ctypes.c_ulong(MS_REMOUNT), None)
    try:
        path.write_text("400")
    except OSError:
        return False
    finally:
        flags = MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
        _call("mount", None, b"/proc", None, ctypes.c_ulong(flags), None)
    return True


def _mount(what: bytes, where: bytes, kind: bytes | None, flags: int, data: bytes | None) -> None:
    _call("mount", what, where, kind, ctypes.c_ulong(flags), data)


def allow_inspection(allowed: bool) -> None:
    """Let processes of the same user look into this one, or not."""
    _prctl(PR_SET_DUMPABLE, int(allowed))


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends."""
    _prctl(PR_SET_PDEATHSIG, 9)


def drop_rights() -> None:
    """Give up every capability for good, and end when the supervisor does.

    Nothing that is started later can have a capability again.
    """
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_DUMPABLE, 1)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text()) if _has_proc_sys() else 40
    for capability in range(last + 1):
        _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    _libc.prctl(PR_CAP_AMBIENT, ctypes.c_ulong(4), 0, 0, 0)  # clear all
    header = struct.pack("Ii", 0x20080522, 0)
    _call("capset", ctypes.c_char_p(header), ctypes.c_char_p(bytes(24)))
    die_with_parent()


def _has_proc_sys() -> bool:
    return os.path.exists("/proc/sys/kernel/cap_last_cap")


def limit_resources(limits: dict) -> None:
    """Set limits that the kernel holds: processor time, memory, file size, files, processes.

    Memory is limited on top of what the warm parent already has, which is shared, not used up.
    """
    megabyte = 1 << 20
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_FSIZE, limits["file_mb"] * megabyte)
    _limit(resource.RLIMIT_NOFILE, 256)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_MEMLOCK, 0)
    if hasattr(resource, "RLIMIT_MSGQUEUE"):
        _limit(resource.RLIMIT_MSGQUEUE, 0)
    if limits.get("walls"):
        # Counted per user namespace; without one it would count the instructor's processes too.
        _limit(resource.RLIMIT_NPROC, limits["processes"])
    present = _data_in_use()
    if present is not None:
        _limit(resource.RLIMIT_DATA, present + limits["memory_mb"] * megabyte)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _data_in_use() -> int | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return None


# Refused system calls: those that reach other processes or the kernel's set-up, and those that
# hold memory which no limit above counts. (number on x86-64, number on arm64)
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
}
_ARCHITECTURES = {"x86_64": (0xC000003E, 0, 56), "aarch64": (0xC00000B7, 1, 220)}
_CLONE3 = 435  # on both
_MMAP, _FCNTL = (9, 222), (72, 25)
_SOCKET, _SOCKET_PAIR = (41, 198), (53, 199)
#: Families of sockets that libraries need, and that the namespace of networks confines: to other
#: processes of the submission, or over IP. Of a machine's other ways out some, such as that of a
#: virtual machine to its host, know no namespace.
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_SHARED, _NO_FILE = 0x01, 0x20
_SET_PIPE_SIZE = 1031
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def filter_system_calls() -> bool:
    """Refuse the calls listed above; return whether this machine's numbers are known.

    ``clone`` is refused only with a flag that asks for a namespace; ``clone3``, whose flags a
    filter cannot read, reports that it does not exist, and libraries then use ``clone``. Memory
    that is shared and no file's is refused, as it stays where no process shows it; so are larger
    pipes, and sockets of any family but a few.
    """
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, column, clone = known
    program = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the call's number
        (_AT_LEAST, 0, 1, 0x40000000),  # the x32 numbering of x86-64
        (_RETURN, 0, 0, _REFUSE | _ENOSYS),
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _REFUSE | _ENOSYS),
    ]
    for numbers in _REFUSED.values():
        program += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _REFUSE | _EPERM)]
    # Of these an argument decides; its low half, as both machines are little-endian.
    program += [
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _argument(0)),
        (_ANY_BIT, 0, 1, _ANY_NAMESPACE),
        (_RETURN, 0, 0, _REFUSE | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 0, 5, _MMAP[column]),
        (_LOAD, 0, 0, _argument(3)),
        (_ANY_BIT, 0, 2, _NO_FILE),
        (_ANY_BIT, 0, 1, _SHARED),
        (_RETURN, 0, 0, _REFUSE | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 1, 0, _SOCKET[column]),
        (_EQUAL, 0, len(_FAMILIES) + 3, _SOCKET_PAIR[column]),
        (_LOAD, 0, 0, _argument(0)),
        *((_EQUAL, len(_FAMILIES) - k, 0, family) for k, family in enumerate(_FAMILIES)),
        (_RETURN, 0, 0, _REFUSE | _EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 0, 2, _FCNTL[column]),
        (_LOAD, 0, 0, _argument(1)),
        (_EQUAL, 1, 0, _SET_PIPE_SIZE),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE | _EPERM),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(head, len(head))
    _prctl(PR_SET_SECCOMP, 2, ctypes.addressof(holder))
    return True


def _argument(number: int) -> int:
    """Where the filter finds an argument of the call."""
    return 16 + 8 * number
