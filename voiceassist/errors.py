"""The failures a person may meet, each saying what to do.

Law: an error that reaches a person is one line and ends in an action. The command line
prints it and exits with `exit_status`; servers put `code` and the line in the envelope.
"""

from __future__ import annotations


class VoiceAssistError(Exception):
    """A failure with a remedy.

    `str(error)` is one line for a person: what is wrong, then what to do. It never holds
    what somebody said.
    """

    code = "INTERNAL_ERROR"
    exit_status = 1
    retryable = False


class WrongUse(VoiceAssistError):
    """The caller asked for something that can't be: a bad argument, setting or file name."""

    code = "VALIDATION_ERROR"
    exit_status = 2


class BadInput(VoiceAssistError):
    """The input itself is at fault: no audio, silent, encrypted, of another type."""

    code = "VALIDATION_ERROR"


class Unverified(VoiceAssistError):
    """A hash, signature, version or expiry does not hold; the thing is not used (law 5)."""

    code = "FORBIDDEN"


class Unavailable(VoiceAssistError):
    """Something this machine relies on is away; the same call may succeed later."""

    code = "UNAVAILABLE"
    retryable = True


class StoreFull(VoiceAssistError):
    """The disk is full: nothing more can be recorded, so nothing more is answered (law 3)."""

    code = "UNAVAILABLE"
