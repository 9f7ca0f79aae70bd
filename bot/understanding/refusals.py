"""Finds the wish that is meant where another one is turned down first: "plan nahi badalna, sirf bill dekhna hai"."""

import re

_NOT_THAT_BUT = re.compile(
    r"^.{2,45}?(?<!\w)(?:nahi|nai|nhi|nahin|ni|نہیں)\s+"
    r"(?:karna|karni|krna|krni|karwana|krwana|krwani|karwani|badalna|badalni|chahiye|chahye|chahie|lena|leni|lagwana|dekhna"
    r"|کرنا|کرنی|چاہیے|بدلنا|بدلنی|کروانا|کروانی|لینا|دیکھنا)(?:\s+(?:hai|hy|h|ہے))?\s*[,.;-]?\s*"
    r"(?:bas|bs|sirf|balke|balki|only|just|magar|lekin|بس|صرف|بلکہ)\s+(?P<wished>\S+ \S.*)$"
)
_ENGLISH = re.compile(
    r"^(?:no\s*,?\s*)?(?:i\s+)?(?:dont|don't|do not|not)\s+.{2,35}?[,.;]\s*(?:just|only|but|i want|i need|instead)\s+(?P<wished>\S+ \S.*)$"
)


def after_refusal(text: str) -> str | None:
    """The part of a normalised text after what is not wanted, or None where nothing is turned down."""
    found = _NOT_THAT_BUT.match(text) or _ENGLISH.match(text)
    return found["wished"] if found else None
