"""Lists of words as prose, so that they can be read and changed."""

from __future__ import annotations


def split_words(prose: str) -> list[str]:
    """The words of `prose`, in order."""
    return prose.split()
