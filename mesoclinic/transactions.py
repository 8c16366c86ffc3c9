"""The one door to transactions: work may be left for the moment just before the commit, or for after the end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

Flush = Callable[[list[object]], None]


@dataclass(slots=True)
class _Block:
    """What one open block has left to do; a block that is rolled back takes its items with it."""

    items: list[tuple[Flush, object]] = field(default_factory=list)


class _Open(threading.local):
    """The open blocks of this thread, outermost first, as each thread has its own connection."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self.afterwards: list[Callable[[], None]] = []


_open = _Open()


class NoTransaction(RuntimeError):
    """Something that must commit together with a change was called outside `atomic()`."""


@contextmanager
def atomic() -> Iterator[None]:
    """Open a transaction, or a savepoint inside one; the outermost block flushes what was left, then commits."""
    block, outermost = _Block(), not _open.blocks
    _open.blocks.append(block)
    try:
        with transaction.atomic():
            yield
            if transaction.get_rollback():
                block.items.clear()
            elif outermost:
                _flush(block)
    finally:
        _open.blocks.pop()
        if outermost:
            _run_afterwards()
    if not outermost:
        _open.blocks[-1].items.extend(block.items)


def before_commit(flush: Flush, item: object) -> None:
    """Leave an item for `flush`, which gets all its items in order in the same transaction, just before it commits."""
    require_open()
    _open.blocks[-1].items.append((flush, item))


def after_end(call: Callable[[], None]) -> None:
    """Call it once no block is open: at once, or after the outermost one has committed or rolled back."""
    if is_open():
        _open.afterwards.append(call)
    else:
        call()


def is_open() -> bool:
    """Whether a block of `atomic()` is open in this thread."""
    return bool(_open.blocks)


def require_open() -> None:
    """Raise NoTransaction unless a block is open."""
    if not is_open():
        raise NoTransaction("Open mesoclinic.transactions.atomic() first.")


def _flush(block: _Block) -> None:
    for flush in dict.fromkeys(flush for flush, _ in block.items):
        flush([item for owner, item in block.items if owner is flush])


def _run_afterwards() -> None:
    calls, _open.afterwards = _open.afterwards, []
    for call in calls:
        call()
