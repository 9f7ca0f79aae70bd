"""What an employee has: salary, commissions, bonuses, advances, and what is still owed to him, line by line."""

from __future__ import annotations

from datetime import date

from bot.dialog import Chat
from bot.handlers.anyone import MENU
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, calendar_day, lines, words
from bot.understanding.hints import gives
from core.staff.earnings import Earnings, month_earnings
from core.staff.months import month_of, months_after
from core.staff.payslips import payslip

STAFF = ("technician", "recovery_agent", "manager", "owner")


def own_money_wish(chat: Chat) -> str | None:
    """The action, where an employee's words speak of his own pay."""
    if chat.speaker.role not in STAFF or chat.speaker.staff_id is None:
        return None
    return "own_money" if gives(chat.message.text, "own_money") else None


def own_money(chat: Chat, argument: str) -> Reply:
    """The running month, or the one named; nobody else's, whoever is named beside it."""
    assert chat.speaker.staff_id is not None
    month = _month(chat, argument)
    earned = month_earnings(chat.session, staff_id=chat.speaker.staff_id, month=month)
    before = months_after(month, -1)
    return Reply(
        _told(earned, is_running=month == month_of(chat.today)),
        buttons=(
            Button(f"own_payslip:{month.isoformat()}", words("Payslip")),
            Button(f"own_money:{before.isoformat()}", words("Month before")),
            MENU,
        ),
    )


def _month(chat: Chat, argument: str) -> date:
    if argument:
        try:
            return month_of(date.fromisoformat(argument))
        except ValueError:
            return month_of(chat.today)
    named = chat.understood.entities.get("month")
    return month_of(named) if isinstance(named, date) and named <= chat.today else month_of(chat.today)


def _told(earned: Earnings, *, is_running: bool) -> Saying:
    salary = words("Salary: %(amount)s", amount=earned.salary)
    if not earned.salary_is_posted and earned.salary:
        salary = words("Salary so far: %(amount)s", amount=earned.salary)
    return lines(
        words("*%(name)s*, your month of %(day)s:", name=earned.name, day=calendar_day(earned.month))
        if not is_running else words("*%(name)s*, this month so far:", name=earned.name),
        salary,
        *(words("• %(what)s: %(amount)s (%(count)s)", what=line.name, amount=line.amount, count=line.count)
          for line in earned.by_rule),
        words("Taken back of it: %(amount)s", amount=earned.taken_back) if earned.taken_back else None,
        words("Bonus: %(amount)s", amount=earned.bonuses) if earned.bonuses else None,
        words("Together: *%(amount)s*", amount=earned.total),
        words("Paid of it: %(amount)s", amount=earned.paid) if earned.paid else None,
        words("Advances still open: %(amount)s", amount=earned.advances_outstanding)
        if earned.advances_outstanding else None,
        words("Charged to you and still open: %(amount)s", amount=earned.charges_outstanding)
        if earned.charges_outstanding else None,
        words("The company owes you today: *%(amount)s*", amount=earned.owed_now) if earned.owed_now >= 0
        else words("You owe the company today: *%(amount)s*", amount=-earned.owed_now),
    )  # fmt: skip


def own_payslip(chat: Chat, argument: str) -> Reply:
    """The payslip of a month as a PDF; a month without anything on it has none."""
    assert chat.speaker.staff_id is not None
    month = _month(chat, argument)
    slip = payslip(chat.session, staff_id=chat.speaker.staff_id, month=month)
    if not slip.earnings and not slip.payments:
        return Reply(words("There is no payslip of that month yet."), buttons=(MENU,))
    source = {
        "source": "payslip_pdf", "id": str(chat.speaker.staff_id), "month": month.isoformat(),
        "language": chat.speaker.language, "filename": f"payslip-{month:%Y-%m}.pdf",
    }  # fmt: skip
    return Reply(words("Your payslip."), attachment=source)


HANDLERS = (
    Handler("own_money", (), "chat.own_money", own_money),
    Handler("own_payslip", (), "chat.own_money", own_payslip),
)
