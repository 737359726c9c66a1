"""What a room says when it will not do something, in words every face can pass on."""

from typing import Any, ClassVar


class Refusal(Exception):
    """Raised by a room's verb that is refused; faces turn it into a problem or a message.

    `code` is stable and for programs; `detail` is one or two plain sentences for people.
    `facts` are JSON-ready members added to the problem (`limit`, `used`, `errors`, …).
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "That can't be done"

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.facts = facts

    def as_text(self) -> str:
        """The sentence, and a line for each field that is at fault: for a terminal."""
        errors = self.facts.get("errors", ())
        return "\n".join(
            [self.detail, *(f"{error['field']}: {error['message']}" for error in errors)]
        )


class InvalidRequest(Refusal):
    """Carries `errors`: [{"field", "code", "message"}], one for each value that can't be taken."""

    code = "invalid_request"
    status = 422
    title = "Some of what was sent can't be used"
