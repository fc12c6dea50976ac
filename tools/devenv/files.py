"""Locks, stamps and disk space: what makes a killed or doubled run harmless."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .errors import SetupError


@contextlib.contextmanager
def locked(path: Path, waiting_for: str):
    """Hold the lock file ``path``; say what we wait for when it is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"Waiting for {waiting_for} to finish…", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle


def fingerprint(*parts: object) -> str:
    """A short name for a recipe: it changes when any of its parts does."""
    text = "\0".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_stamped(folder: Path, name: str, recipe: str) -> bool:
    """True if ``folder`` was finished by exactly this recipe."""
    try:
        return (folder / f".{name}").read_text(encoding="utf-8") == recipe
    except OSError:
        return False


def stamp(folder: Path, name: str, recipe: str) -> None:
    """Note that ``folder`` is complete; written last and in one go."""
    write_atomically(folder / f".{name}", recipe)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write beside the target and rename, so that no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    os.chmod(temporary, mode)
    os.replace(temporary, path)


def replace_folder(new: Path, target: Path) -> None:
    """Put the finished folder ``new`` in the place of ``target``."""
    old = target.with_name(f".old-{os.getpid()}-{target.name}")
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Delete what killed runs left half-made; only under the set-up lock."""
    for leftover in [*parent.glob(".work-*"), *parent.glob(".old-*")]:
        shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def scratch_folder(parent: Path):
    """A folder for half-made things, gone when the work is over."""
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_disk_space(folder: Path, needed: int) -> None:
    """Refuse to start what the disk cannot hold."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise SetupError(
            f"Not enough disk space: {folder} needs about {needed / 1e9:.1f} GB and"
            f" its disk has {free / 1e9:.1f} GB free. Free some space, or name a folder"
            " on another disk in PROGRESS_BILLING_CACHE."
        )
