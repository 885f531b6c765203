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


class InvalidCredentials(Unauthorized):
    """Wrong address, password or code; `field` where one of them alone is to be given again."""

    code = "INVALID_CREDENTIALS"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TokenExpired(Unauthorized):
    """The token has run out."""

    code = "TOKEN_EXPIRED"


class TokenRevoked(Unauthorized):
    """The token's session was ended."""

    code = "TOKEN_REVOKED"


class Forbidden(VoiceAssistError):
    """The caller is known, and may not do this."""

    code = "FORBIDDEN"


class PhiHeld(Forbidden):
    """What was to leave the building is held; `details` say why."""

    code = "PHI_HELD"

    def __init__(self, message: str, details: list[dict[str, str]]) -> None:
        super().__init__(message)
        self.details = details


class TooMany(VoiceAssistError):
    """Too many attempts; the same call may succeed in `retry_after_s`."""

    code = "RATE_LIMITED"
    retryable = True

    def __init__(self, message: str, retry_after_s: int = 60) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLarge(BadInput):
    """More bytes than the hub takes."""

    code = "PAYLOAD_TOO_LARGE"


class BadField(BadInput):
    """One named field of the request is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class WeakPassword(BadField):
    """A password that the policy refuses; `details` have each reason."""

    code = "WEAK_PASSWORD"

    def __init__(self, field: str, reasons: tuple[tuple[str, str], ...]) -> None:
        said = "; ".join(line for _, line in reasons)
        super().__init__(field, f"the password won't do: {said}")
        self.details = [{"reason": code, "message": said} for code, said in reasons]


class PortInUse(VoiceAssistError):
    """Another process listens where the hub should."""
