"""The failures that only a server has, each with the code that the envelope carries."""

from __future__ import annotations

from voiceassist.errors import BadInput, VoiceAssistError


class NotFound(VoiceAssistError):
    """There is no such thing, or not for this caller."""

    code = "NOT_FOUND"


class Conflict(VoiceAssistError):
    """The request is sound, but not in the state that the hub is in."""

    code = "CONFLICT"


class Unauthorized(VoiceAssistError):
    """The caller has not proved who it is."""

    code = "UNAUTHORIZED"


class Forbidden(VoiceAssistError):
    """The caller is known, and may not do this."""

    code = "FORBIDDEN"


class TooMany(VoiceAssistError):
    """Too many attempts; the same call may succeed later."""

    code = "RATE_LIMITED"
    retryable = True


class TooLarge(BadInput):
    """More bytes than the hub takes."""

    code = "PAYLOAD_TOO_LARGE"


class BadField(BadInput):
    """One named field of the request is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PortInUse(VoiceAssistError):
    """Another process listens where the hub should."""
