"""What an employee has: each line of his pay, what is kept back of it and why, and the payslip of any month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.anyone import MENU
from bot.handlers.registry import Handler
from bot.texts.deliver import cut
from bot.texts.reply import Reply, Row, Saying, calendar_day, lines, verbatim, words
from bot.understanding.hints import gives
from core.ids import Id
from core.money import ZERO
from core.printing.figures import plain
from core.staff.commission_models import CommissionAccrual
from core.staff.months import month_of, months_after
from core.staff.own_pay import OwnPay, PayItem, PayMonth, Withheld, months_with_pay, own_pay
from core.staff.payslips import payslip
from core.usecases.accrue_commissions import commissions_waiting, rule_names

STAFF = ("technician", "recovery_agent", "manager", "owner")
LINES_MAX = 15
DEBTS_MAX = 8
NAME_MAX = 40
OTHER_ROWS = ROWS_MAX - 4

DEBTS: Mapping[str, Saying] = {
    "advance": words("Advance %(number)s"),
    "damage": words("Damage %(number)s, %(reason)s"),
    "cash_short": words("Missing cash %(number)s"),
    "other": words("Charge %(number)s, %(reason)s"),
}
WITHHELD: Mapping[str, Saying] = {
    "instalment": words("• %(debt)s: *%(amount)s* of %(open)s, its instalment; %(left)s is left then"),
    "whole": words("• %(debt)s: *%(amount)s*, all of it"),
    "rest": words("• %(debt)s: *%(amount)s*, the rest of it"),
    "capped": words(
        "• %(debt)s: *%(amount)s*, because at most %(percent)s of your pay is kept back; %(left)s is left then"
    ),
    "taken": words("• %(debt)s: nothing more, its instalment of the month is given back; %(left)s is left"),
    "later": words("• %(debt)s: nothing before the pay of the month of %(day)s; %(left)s is left"),
    "no_pay": words("• %(debt)s: nothing, there is no pay to keep it back from; %(left)s is left"),
}
ITEMS: Mapping[str, Saying] = {
    "salary": words("• Salary: %(amount)s"),
    "allowance": words("• %(what)s: %(amount)s"),
    "absence": words("• Absent, days %(days)s: %(amount)s"),
    "tax": words("• Tax: %(amount)s"),
    "commission": words("• %(what)s: %(amount)s (%(count)s)"),
    "bonus": words("• Bonus, %(what)s: %(amount)s"),
}


def own_money_wish(chat: Chat) -> str | None:
    """The action, where an employee's words speak of his own pay."""
    if chat.speaker.role not in STAFF or chat.speaker.staff_id is None:
        return None
    if gives(chat.message.text, "payslip"):
        return "own_payslip"
    return "own_money" if gives(chat.message.text, "own_money") else None


def own_money(chat: Chat, argument: str) -> Reply:
    """The running month, or the one named; nobody else's, whoever is named beside it."""
    month = _named(chat, argument) or month_of(chat.today)
    own = own_pay(chat.session, staff_id=_own_id(chat), month=month, today=chat.today)
    is_running = month == month_of(chat.today)
    before = own_pay(chat.session, staff_id=_own_id(chat), month=months_after(month, -1), today=chat.today)
    return Reply(
        lines(
            *_earned(own, is_running=is_running),
            *(_waiting(chat, month) if is_running else ()),
            words("The month before is not booked yet, its pay comes first: %(amount)s", amount=before.net)
            if is_running and before.items and not before.salary_is_posted and before.net else None,
            *_pay_day(own),
        ),
        list_button=words("Payslips"),
        rows=_rows(chat, month),
    )  # fmt: skip


def _own_id(chat: Chat) -> Id:
    assert chat.speaker.staff_id is not None
    return chat.speaker.staff_id


def _named(chat: Chat, argument: str) -> date | None:
    """The month that a tap carries or the words name, of those that have begun."""
    named: object = chat.understood.entities.get("month")
    if argument:
        try:
            named = date.fromisoformat(argument)
        except ValueError:
            return None
    return month_of(named) if isinstance(named, date) and named <= chat.today else None


def _earned(own: OwnPay, *, is_running: bool) -> list[Saying | None]:
    heading = words("*%(name)s*, this month so far:", name=own.name)
    if not is_running:
        heading = words("*%(name)s*, your month of %(day)s:", name=own.name, day=calendar_day(own.month))
    so_far = own.salary_so_far
    return [
        heading,
        *_listed([_item(item) for item in own.items], LINES_MAX),
        words("The salary is that of the whole month. Earned of it by today: %(amount)s", amount=so_far)
        if so_far is not None else None,
        words("Together: *%(amount)s*", amount=own.earned),
        words("From other months: %(amount)s", amount=own.brought_forward) if own.brought_forward else None,
        words("Paid of it: %(amount)s", amount=own.paid) if own.paid else None,
        words("Kept back of it already: %(amount)s", amount=own.kept_back) if own.kept_back else None,
    ]  # fmt: skip


def _item(item: PayItem) -> Saying:
    what = cut(item.name, NAME_MAX)
    if item.kind == "tax" and item.name:
        return words("• Tax on %(what)s: %(amount)s", what=what, amount=item.amount)
    return _filled(ITEMS[item.kind], what=what, amount=item.amount, count=item.count, days=plain(item.days))


def _filled(saying: Saying, **facts: object) -> Saying:
    """The saying with those of the facts that it has a place for."""
    return Saying(saying.text, {name: value for name, value in facts.items() if f"%({name})s" in saying.text})


def _listed(said: Sequence[Saying], most: int) -> list[Saying]:
    """The first ones, and how many more there are; a lone last one is said instead of being counted."""
    if len(said) <= most + 1:
        return list(said)
    return [*said[:most], words("… and %(count)s more", count=len(said) - most)]


def _waiting(chat: Chat, month: date) -> list[Saying]:
    """Commissions that the evening's run will book, by rule."""
    rows = commissions_waiting(chat.session, staff_id=_own_id(chat), since=month, today=chat.today)
    if not rows:
        return []
    by_rule: dict[Id, list[CommissionAccrual]] = {}
    for row in rows:
        by_rule.setdefault(row.rule_id, []).append(row)
    names = rule_names(chat.session, by_rule)
    said = [
        words("• %(what)s: %(amount)s (%(count)s)", what=cut(names[rule_id], NAME_MAX), amount=_sum(of_rule),
              count=len(of_rule))
        for rule_id, of_rule in sorted(by_rule.items(), key=lambda pair: names[pair[0]])
    ]  # fmt: skip
    heading = words("Earned but not in the books yet: %(amount)s", amount=_sum(rows))
    return [heading, *_listed(said, DEBTS_MAX)]


def _sum(rows: Sequence[CommissionAccrual]) -> Decimal:
    return sum((row.amount for row in rows), ZERO)


def _pay_day(own: OwnPay) -> list[Saying | None]:
    debts = _listed([_debt(own, each) for each in own.withheld], DEBTS_MAX)
    if own.owed < ZERO:
        ends = words("You owe the company today: *%(amount)s*", amount=-own.owed)
    elif own.is_settled:
        ends = words("This month is paid.")
    else:
        ends = words("Pay day brings you: *%(amount)s*", amount=own.net)
    return [words("*Pay day keeps back:*") if debts else None, *debts, ends]


def _debt(own: OwnPay, each: Withheld) -> Saying:
    named = _filled(DEBTS[each.kind], number=each.number, reason=cut(each.reason, NAME_MAX))
    return _filled(
        WITHHELD[each.why], debt=named, amount=each.taken, open=each.outstanding, left=each.left,
        day=calendar_day(each.starts), percent=f"{plain(own.percent_max)} %",
    )  # fmt: skip


def _rows(chat: Chat, month: date) -> tuple[Row, ...]:
    """The shown month's payslip, the month before, the other payslips, the menu."""
    others = [each for each in months_with_pay(chat.session, staff_id=_own_id(chat)) if each.month != month]
    rows = [
        Row(f"own_payslip:{month.isoformat()}", words("Payslip"), words("As a PDF, as it stands today")),
        Row(f"own_money:{months_after(month, -1).isoformat()}", words("Month before"), words("Line by line")),
        *(_slip(each) for each in others[:OTHER_ROWS]),
    ]
    if len(others) > OTHER_ROWS:
        rows.append(Row(f"own_payslips:{others[OTHER_ROWS].month.isoformat()}", words("Older payslips")))
    return (*rows, Row(MENU.action, MENU.title))


def _slip(each: PayMonth) -> Row:
    state = words("Payslip, paid %(amount)s", amount=each.paid) if each.paid else words("Payslip, not paid yet")
    return Row(f"own_payslip:{each.month.isoformat()}", verbatim(f"{each.month:%m/%Y}"), state)


def own_payslips(chat: Chat, argument: str) -> Reply:
    """A page of payslips from a month back."""
    newest = _named(chat, argument) or month_of(chat.today)
    months = [each for each in months_with_pay(chat.session, staff_id=_own_id(chat)) if each.month <= newest]
    if not months:
        return Reply(words("There is no payslip of that month yet."), buttons=(MENU,))
    rows = [_slip(each) for each in months[: ROWS_MAX - 2]]
    if len(months) > len(rows):
        rows.append(Row(f"own_payslips:{months[len(rows)].month.isoformat()}", words("Older payslips")))
    return Reply(words("Of which month?"), list_button=words("Payslips"), rows=(*rows, Row(MENU.action, MENU.title)))


def own_payslip(chat: Chat, argument: str) -> Reply:
    """The payslip of a month as a PDF, paid or not; of the newest one where none is named."""
    month = _named(chat, argument)
    if month is None:
        booked = months_with_pay(chat.session, staff_id=_own_id(chat), limit=1)
        month = booked[0].month if booked else month_of(chat.today)
    slip = payslip(chat.session, staff_id=_own_id(chat), month=month, expected=True)
    if not slip.earnings and not slip.payments:
        return Reply(words("There is no payslip of that month yet."), buttons=(MENU,))
    source = {
        "source": "payslip_pdf", "id": str(_own_id(chat)), "month": month.isoformat(), "expected": "yes",
        "language": chat.speaker.language, "filename": f"payslip-{month:%Y-%m}.pdf",
    }  # fmt: skip
    if slip.is_expected:
        return Reply(words("Your payslip. Its salary is not booked yet, so it may still change."), attachment=source)
    return Reply(words("Your payslip."), attachment=source)


HANDLERS = (
    Handler("own_money", (), "chat.own_money", own_money),
    Handler("own_payslip", (), "chat.own_money", own_payslip),
    Handler("own_payslips", (), "chat.own_money", own_payslips),
)
