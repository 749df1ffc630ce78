"""Put a figure into a page: as SVG elements with a title and a description, whose ids and colours are the page's."""

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from pcaphash.report.page.style import style_with_variables

if TYPE_CHECKING:
    from pcaphash.report.figures.canvas import Picture

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DROPPED = (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style")  # the page has the style: it would hold for all of the page
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_FONT = re.compile(r"font: ([^;]*?)'DejaVu Sans'[^;]*")
_FONT_NAMES = r"font: \1'DejaVu Sans', Verdana, sans-serif"


def inline_svg(picture: "Picture", kind: str) -> str:
    """Return a figure as an ``svg`` element for an HTML page, its text as text.

    Parameters
    ----------
    picture : Picture
        Its name becomes part of every id, so that figures with different names can be on one page.
    kind : str
        Which of several figures of that name it is: part of every id too, and the class of the element.
    """
    from pcaphash.report.figures.canvas import save

    stream = io.BytesIO()
    save(picture.figure, stream, "svg", text_as_text=True)
    root = ElementTree.fromstring(stream.getvalue())
    prefix = f"figure-{picture.name}-{kind}"
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag in _DROPPED]:
            parent.remove(child)
    seen: set[str] = set()
    for element in root.iter():
        _make_own(element, f"{prefix}-")
        if (own := element.get("id")) in seen:  # that of an image is made of its content, and two may be equal
            del element.attrib["id"]
        elif own is not None:
            seen.add(own)
    for name in ("width", "height"):
        root.attrib.pop(name)
    root.set("class", kind)
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-description")
    for tag, text in (("desc", picture.description), ("title", picture.title)):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", id=f"{prefix}-{'title' if tag == 'title' else 'description'}")
        element.text = text
        root.insert(0, element)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _make_own(element: ElementTree.Element, prefix: str) -> None:
    """Put a prefix before the id of an element and before what it refers to; drop what only editors use."""
    link = f"{{{_XLINK}}}href"
    for name, value in list(element.attrib.items()):
        if name == "id":
            element.set(name, f"{prefix}{value}")
        elif name == link and value.startswith("#"):
            element.set(name, f"#{prefix}{value[1:]}")
        else:
            own = _FONT.sub(_FONT_NAMES, _REFERENCE.sub(rf"url(#{prefix}\1)", value))
            element.set(name, style_with_variables(own) if name == "style" else own)
