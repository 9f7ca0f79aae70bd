"""What people taught about a bank's wording: a line with these words goes to that account."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.cash_movements import account_type
from core.ledger.reconciliation_models import BankLine, BankRule
from core.money import ZERO

WORDS_MAX = 8


class RuleInvalid(DomainError):
    """The rule has no words, or its account takes no bank lines."""


def words_of(text: str) -> list[str]:
    """The words that come back every month: folded, without numbers, dates and single letters."""
    plain = "".join(c if c.isalnum() else " " for c in text.casefold())
    return [word for word in plain.split() if len(word) > 1 and not any(c.isdigit() for c in word)]


def teach_rule(
    session: Session, *, line_id: Id, account_code: str, made_by: str, words: str = "", automatic: bool = False,
    everywhere: bool = False,
) -> BankRule:  # fmt: skip
    """Lines like this one are proposed for the account from now on, or with `automatic` booked without asking.

    `words` narrows or widens what must stand in the text, in that order. Holds for the line's bank account, or with
    `everywhere` for all. A rule of the same words is replaced. Raises RuleInvalid.
    """
    line = session.get_one(BankLine, line_id)
    folded = " ".join(words_of(words or f"{line.text} {line.payer_name}")[:WORDS_MAX])
    if not folded:
        raise RuleInvalid("The line has no words to know it by again: give the words")
    kind = account_type(session, account_code)
    if kind not in {"income", "expense", "equity"} and account_code != "1060":
        raise RuleInvalid(f"Account {account_code} takes no bank lines by rule: choose income or an expense")
    direction = "in" if line.amount > ZERO else "out"
    place = None if everywhere else line.cash_account_id
    rule = session.scalar(
        select(BankRule).where(
            BankRule.words == folded,
            BankRule.direction == direction,
            BankRule.cash_account_id.is_not_distinct_from(place),
        )
    )
    if rule is None:
        rule = BankRule(id=new_id(), words=folded, direction=direction, cash_account_id=place, made_by=made_by)
        session.add(rule)
    rule.account_code, rule.automatic, rule.made_by = account_code, automatic, made_by
    session.flush()
    return rule


def forget_rule(session: Session, *, rule_id: Id) -> None:
    """The rule proposes nothing any more."""
    session.delete(session.get_one(BankRule, rule_id))
    session.flush()


def rules_for(session: Session, *, cash_account_id: Id) -> list[BankRule]:
    """The rules that hold for the account, those of most words first."""
    rules = session.scalars(
        select(BankRule).where((BankRule.cash_account_id == cash_account_id) | BankRule.cash_account_id.is_(None))
    )
    return sorted(rules, key=lambda rule: (-len(rule.words.split()), rule.cash_account_id is None, rule.words))


def rule_of(line: BankLine, rules: list[BankRule]) -> BankRule | None:
    """The first rule whose words stand in the line, in order."""
    text = f" {' '.join(words_of(f'{line.text} {line.payer_name}'))} "
    direction = "in" if line.amount > ZERO else "out"
    return next((rule for rule in rules if rule.direction == direction and f" {rule.words} " in text), None)
