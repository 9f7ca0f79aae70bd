"""Words with variables that the office writes, rendered in a sandbox: names, choices and a few filters, no more."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from jinja2 import Environment, StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import DomainError

WORDING_MAX = 4096
NUMBERED = re.compile(r"\{\{\s*(\d+)\s*\}\}")
FILTERS = ("upper", "lower", "title", "capitalize", "trim", "default")
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Filter,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Keyword,
)  # fmt: skip
"""Nothing that repeats, multiplies, calls or looks inside: a wording costs what it is long."""


class WordingInvalid(DomainError):
    """These words cannot be put into a message; the fact `field` names the field they stand in."""


def _environment() -> Environment:
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    sandbox.filters = {name: sandbox.filters[name] for name in FILTERS}
    sandbox.globals.clear()
    return sandbox


_SANDBOX = _environment()


def check_wording(words: str, *, variables: Collection[str], field: str) -> None:
    """Raise WordingInvalid for words that do not parse, do more than choose, or name a variable that is not there."""
    if len(words) > WORDING_MAX:
        raise WordingInvalid(f"The words have {len(words)} characters; {WORDING_MAX} are sent at most", field=field)
    source = _as_jinja(words)
    try:
        tree = _SANDBOX.parse(source)
    except TemplateError as wrong:
        raise WordingInvalid(f"The words cannot be read: {wrong}", field=field) from wrong
    if wrong_part := next((node for node in tree.find_all(nodes.Node) if not isinstance(node, ALLOWED)), None):
        kind = type(wrong_part).__name__.lower()
        raise WordingInvalid(f"Only variables, if and simple filters may stand here, no {kind}", field=field)
    named = [name for node in tree.find_all(nodes.Filter) if (name := str(node.name)) not in FILTERS]
    if named:
        raise WordingInvalid(f"There is no filter {named[0]}: {', '.join(FILTERS)}", field=field)
    unknown = sorted(meta.find_undeclared_variables(tree) - {_jinja_name(name) for name in variables})
    if unknown:
        known = ", ".join(variables) or "none"
        raise WordingInvalid(f"There is no variable {unknown[0]}; known are: {known}", field=field)


def render_wording(words: str, values: Mapping[str, str], *, field: str = "words") -> str:
    """The words with their variables filled. Raises WordingInvalid where one is missing."""
    try:
        return _compiled(_as_jinja(words)).render({_jinja_name(name): value for name, value in values.items()}).strip()
    except TemplateError as wrong:
        raise WordingInvalid(f"The words cannot be filled: {wrong}", field=field) from wrong


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Template:
    return _SANDBOX.from_string(source)


def _as_jinja(words: str) -> str:
    """Meta's numbered places have names here: `{{1}}` is the variable `v1`."""
    return NUMBERED.sub(lambda place: f"{{{{ v{place[1]} }}}}", words)


def _jinja_name(name: str) -> str:
    return f"v{name}" if name.isdecimal() else name
