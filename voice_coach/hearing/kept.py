"""Files of things that can be made again: whole or not there, and never too many."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def key_of(files: Iterable[Path], *more: str) -> str:
    """Another one for other contents, other names or anything else that counts. Raises OSError."""
    content = hashlib.sha256("\0".join(more).encode())
    for file in files:
        content.update(f"{file}\0".encode())
        content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()[:20]


def read(path: Path) -> bytes:
    """What was kept there. Raises OSError where there is nothing, ValueError where it is damaged."""
    checksum, _, payload = path.read_bytes().partition(b"\n")
    if checksum != _checksum(payload):
        raise ValueError(f"{path} is damaged")
    os.utime(path)
    return payload


def keep(path: Path, payload: bytes, most: int) -> None:
    """Puts it there at once, and forgets the oldest of the same kind (what the name says before its last "-")."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="making-", delete=False) as file:
        file.write(_checksum(payload) + b"\n" + payload)
    os.replace(file.name, path)
    kind = path.name.rpartition("-")[0]
    known = sorted(path.parent.glob(f"{kind}-*"), key=lambda other: other.stat().st_mtime)
    for old in known[:-most]:
        old.unlink(missing_ok=True)


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(payload).hexdigest().encode()
