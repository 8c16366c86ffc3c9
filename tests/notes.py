"""A kind of message for workers of tests, whose processes import this module by name."""

from mesoclinic import outbox
from mesoclinic.transport import Mail


@outbox.composer("note")
def compose(subject: str) -> Mail:
    return Mail(to="ana@example.test", subject=f"About {subject}", text="Hello.\n" * 50)
