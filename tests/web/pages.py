"""A page as a browser reads it: its forms with what they would send, and the words that describe a control."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TYPED = {"text", "email", "tel", "search", "date", "time", "number", "password", "textarea"}


@dataclass
class Control:
    """One input, select or textarea; `values` are what it would send as it stands."""

    name: str
    kind: str
    attributes: Attributes
    values: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    @property
    def typed(self) -> bool:
        """Whether a person types into it."""
        return self.kind in TYPED


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)

    @property
    def sends(self) -> list[tuple[str, str]]:
        """What a browser would send without a change, before a button is pressed."""
        return [(each.name, value) for each in self.controls if each.kind != "submit" for value in each.values]

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(each.name for each in self.controls))

    def typed(self) -> dict[str, str]:
        """What stands in the boxes that people type into."""
        return {each.name: "".join(each.values) for each in self.controls if each.typed}


class Page(HTMLParser):
    """The forms of a page, its error summary as (target, message), and by id its texts and what describes them."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.texts: dict[str, str] = {}
        self.describing: dict[str, list[str]] = {}
        self.summary: list[tuple[str, str]] = []
        self._open: list[tuple[str, Attributes]] = []
        self._form: Form | None = None
        self._select: Control | None = None
        self._area: Control | None = None
        self.feed(content.decode())
        self.close()

    def posting(self) -> Iterator[Form]:
        return (form for form in self.forms if form.method == "post")

    def described(self, target: str) -> str:
        """The words that a screen reader adds to the element of this id, or to a group that it is in."""
        return " ".join(self.texts.get(each, "") for each in self.describing.get(target, ()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.texts.setdefault(attributes["id"], "")
            around = [*(each for _tag, each in self._open), attributes]
            self.describing[attributes["id"]] = " ".join(each.get("aria-describedby", "") for each in around).split()
        if tag not in VOID:
            self._open.append((tag, attributes))
        if tag == "a" and any("error-summary" in each.get("class", "").split() for _tag, each in self._open):
            self.summary.append((attributes["href"].removeprefix("#"), ""))
        if tag == "form":
            self._form = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag in ("input", "select", "textarea", "button") and attributes.get("name") and self._form:
            self._form.controls.append(self._control(tag, attributes))
        elif tag == "option" and self._select is not None:
            self._offer(self._select, attributes)

    def handle_endtag(self, tag: str) -> None:
        while self._open and (closed := self._open.pop()[0]) != tag:
            assert closed in {"option", "li", "p", "td", "tr", "th", "dd", "dt"}, f"<{closed}> is not closed"
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select is not None:
            if not self._select.values and "multiple" not in self._select.attributes:
                self._select.values = self._select.options[:1]
            self._select = None
        elif tag == "textarea" and self._area is not None:
            # A browser drops the line break that follows the opening tag.
            self._area.values[0] = self._area.values[0].removeprefix("\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.values[0] += data
        for _tag, attributes in self._open:
            if "id" in attributes:
                self.texts[attributes["id"]] += data
        if self.summary and self._open and self._open[-1][0] == "a" and not self.summary[-1][1]:
            self.summary[-1] = (self.summary[-1][0], data)

    def _control(self, tag: str, attributes: Attributes) -> Control:
        kind = {"input": attributes.get("type", "text"), "button": "submit"}.get(tag, tag)
        control = Control(attributes["name"], kind, attributes)
        if tag == "select":
            self._select = control
        elif tag == "textarea":
            self._area, control.values = control, [""]
        elif kind not in ("checkbox", "radio"):
            control.values = [attributes.get("value", "")]
        elif "checked" in attributes:
            control.values = [attributes.get("value", "on")]
        control.options = [attributes.get("value", "on")] if kind in ("checkbox", "radio", "submit") else []
        return control

    def _offer(self, select: Control, attributes: Attributes) -> None:
        select.options.append(attributes.get("value", ""))
        if "selected" in attributes:
            select.values.append(attributes.get("value", ""))
