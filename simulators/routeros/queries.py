"""Query words of `print`: a stack machine over the properties of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TRUE, FALSE = ("true", "yes"), ("false", "no")


def matches(row: Mapping[str, str], queries: Sequence[str]) -> bool:
    """Whether no value left on the stack is false. Both spellings of operators and of equality are taken."""
    stack: list[bool] = []
    for query in queries:
        word = query[1:]
        if word.startswith("#"):
            _operate(stack, word[1:])
        else:
            stack.append(_test(row, word))
    return all(stack)


def _test(row: Mapping[str, str], word: str) -> bool:
    if word.startswith("-"):
        return word[1:] not in row
    sign = word[0] if word[:1] in "<>=" else ""
    name, equals, value = word.removeprefix(sign).partition("=")
    if not equals:
        return name in row
    have = row.get(name)
    if sign in ("", "="):
        return have is not None and _same(have, value)
    if have is None:
        return False
    return _ordered(have) > _ordered(value) if sign == ">" else _ordered(have) < _ordered(value)


def _same(have: str, value: str) -> bool:
    return have == value or (have in TRUE and value in TRUE) or (have in FALSE and value in FALSE)


def _ordered(value: str) -> tuple[int, int, str]:
    return (1, int(value), "") if value.isdigit() else (0, 0, value) if not value else (2, 0, value)


def _operate(stack: list[bool], operators: str) -> None:
    for operator in operators:
        if operator == "!":
            stack.append(not stack.pop())
        elif operator in "&|":
            second, first = stack.pop(), stack.pop()
            stack.append(first and second if operator == "&" else first or second)
        elif operator.isdigit():
            stack.append(stack[int(operator)])
