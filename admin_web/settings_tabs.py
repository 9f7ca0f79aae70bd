"""The tabs of the company's settings that have no page of their own: what each field does, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from admin_web.settings import Group, Setting, Tab
from core.billing.payments import ACCOUNT_OF_METHOD
from core.billing.policy import METHODS, billing_policy, change_billing_policy
from core.companies import change_company, current_company
from core.ledger.cash_accounts import cash_accounts, change_treasury_policy, treasury_policy
from core.ledger.periods import policy_of, set_policy
from core.staff.pay_terms import pay_policy, set_pay_policy
from core.staff.people import active_staff

COMPANY = (
    Group("On documents", (
        Setting("name", "Name", "Printed at the head of every bill, receipt and payslip.", "text"),
        Setting("address", "Address", "Printed under the name. Bills that are out keep the old one.", "text",
                optional=True),
        Setting("support_phone", "Phone for customers", "The assistant gives it to who wants to call.", "text",
                optional=True),
        Setting("tax_number", "NTN", "Your income tax number, printed where the law wants it.", "text", optional=True),
        Setting("sales_tax_number", "Sales tax number (STRN)", "Printed on bills that carry sales tax.", "text",
                optional=True),
    )),
    Group("Towards customers", (
        Setting("default_language", "Language", "Spoken to who has not written yet and chosen none.", "choice",
                (("en", "English"), ("ur_Latn", "Roman Urdu"), ("ur", "Urdu"))),
        Setting("payment_methods", "How customers pay", "One a line, such as “JazzCash: 0300 1234567”; printed on bills"
                " and told in chat word for word.", "pairs", optional=True),
    )),
)  # fmt: skip
BILLING = (
    Group("When bills are written", (
        Setting("alignment", "Billing day", "Holds for services that begin from now on; running ones keep their day.",
                "choice", (("calendar", "the same day for everybody"), ("anniversary", "the day the service began"))),
        Setting("calendar_day", "The day for everybody", "Days 29 to 31 are the last day of shorter months.", least=1,
                most=31),
        Setting("due_days", "Days to pay", "From the day of the bill to its due date, unless a service has its own.",
                most=180),
        Setting("notices", "Announce bills on WhatsApp", "Every new bill is told to its payer.", "tick"),
    )),
    Group("Parts of a month", (
        Setting("proration", "A day is worth", "For first months, changes of plan, pauses and early ends.", "choice",
                (("actual", "its part of the real month"), ("thirty", "a thirtieth of the month"))),
        Setting("short_first_period_days", "Join a first month shorter than, days",
                "It is billed together with the next whole month; 0 bills it alone.", most=31),
        Setting("end_day_charged", "Bill the last day", "Whether the day on which a service ends is paid for.", "tick"),
        Setting("unused_days_refunded", "Credit unused days", "Who leaves early gets the days left as a credit note.",
                "tick"),
        Setting("suspended_days_billed", "Bill suspended days", "If not, the days without service for non-payment are"
                " credited once it is restored.", "tick"),
        Setting("pause_credit_days_min", "Credit a pause from, days", "A shorter pause or outage is not credited.",
                most=366),
    )),
    Group("Taxes and rounding", (
        Setting("tax_rounding", "Round taxes", "Ask your accountant; it decides the last paisa.", "choice",
                (("line", "line by line"), ("total", "once on the total"))),
        Setting("tax_point", "Tax rate of", "Which rate holds when it changes within the month billed.", "choice",
                (("invoice_date", "the day of the bill"), ("period_start", "the first day billed for"))),
        Setting("whole_rupees", "Whole rupees", "Adds a rounding line so that nobody pays paisa.", "tick"),
    )),
    Group("Revenue billed in advance", (
        Setting("deferral_over_months", "Earn month by month when billed for more than, months",
                "A bill for longer stands on 2220 and becomes income month by month; 36 earns everything at once.",
                least=1, most=36),
    )),
    Group("Recharge cards", (
        Setting("cards_expire_to_income", "Expired cards become income",
                "If not, the value of a sold card that nobody can use any more stays owed.", "tick"),
        Setting("wrong_cards_max", "Wrong codes within an hour", "After so many, the person's codes are not looked at"
                " for a while: nobody guesses cards.", least=1, most=100),
        Setting("card_pause_minutes", "Pause after them, minutes", "How long he has to wait.", least=1, most=10_080),
    )),
)  # fmt: skip
FEES = (
    Group("Late fees", (
        Setting("late_fee_kind", "Late fee", "A promise, a claim of payment, a disputed bill or an outage holds it.",
                "choice", (("none", "none"), ("fixed", "a fixed amount"), ("percent", "a percentage of what is due"))),
        Setting("late_fee_amount", "Fixed amount", "Before tax.", "amount"),
        Setting("late_fee_percent", "Percentage", "Of what is unpaid on the day.", "percent", most=100),
        Setting("late_fee_grace_days", "Days of grace", "After the due date, before the first fee.", most=365),
        Setting("late_fee_repeat_days", "Again every, days", "Empty: charged once a bill.", least=1, most=365,
                optional=True),
        Setting("late_fee_cap", "At most on one bill", "Empty: no limit.", "amount", optional=True),
    )),
    Group("Other fees", (
        Setting("reconnection_fee", "Reconnection", "Billed when a suspended service is restored; 0 for none.",
                "amount"),
        Setting("bounce_fee", "Bounced cheque", "Billed when a payment bounces; 0 for none.", "amount"),
    )),
    Group("Paying and giving up", (
        Setting("fees_settle", "A payment settles late fees", "The rest goes to the oldest bill first.", "choice",
                (("by_date", "in their turn"), ("first", "before everything"), ("last", "after everything"))),
        Setting("small_difference", "Forgive a rest up to", "It is written off with the payment that leaves it.",
                "amount"),
        Setting("write_off_limit", "Write off alone up to", "A larger debt needs a second person's yes.", "amount"),
    )),
    Group("Cash that agents receive", (
        Setting("cash_callback_percent", "Of 100 unconfirmed receipts called back",
                "Which ones the office calls; the rest stay on the list of unconfirmed cash.", most=100),
    )),
)  # fmt: skip
BOOKS = (
    Group("A second person says yes", (
        Setting("manual_limit", "Entries by hand above", "They wait for somebody else than their writer.", "amount"),
        Setting("expense_approval_above", "Expenses above", "They wait for a second person before they are paid.",
                "amount"),
    )),
    Group("Reconciling the bank", (
        Setting("match_days", "Days apart", "How far the bank's day and yours may differ for one amount.", most=60),
        Setting("gateway_fee_percent_max", "Gateway's fee at most, percent",
                "What a wallet or gateway may have kept of a settlement for it to be proposed.", "percent", most=100),
    )),
)  # fmt: skip
PAY = (
    Group("Salaries", (
        Setting("day_basis", "A day of pay", "For absences, and for who comes or leaves within a month.", "choice",
                (("actual", "its part of the real month"), ("thirty", "a thirtieth of the salary"))),
        Setting("advance_limit_salaries", "Advances at most, monthly salaries",
                "What one employee may hold in advances at once.", "percent", most=24),
        Setting("deductions_percent_max", "Kept back at most, percent",
                "Of one pay, for advances and charges; the rest is kept back next time.", "percent", most=100),
    )),
    Group("Cash in agents' hands", (
        Setting("cash_limit", "At most", "Above it an agent takes no more cash until he hands over. Empty: no limit.",
                "amount", optional=True),
        Setting("cash_age_days", "For at most, days", "How old his oldest cash may be. Empty: no limit.", most=365,
                optional=True),
    )),
)  # fmt: skip


def _of_company(session: Session) -> dict[str, Any]:
    return _values(current_company(session), COMPANY)


def _of_billing(groups: Sequence[Group]) -> Callable[[Session], dict[str, Any]]:
    return lambda session: _values(billing_policy(session), groups)


def _of_fees(session: Session) -> dict[str, Any]:
    policy = billing_policy(session)
    accounts = {f"account_of_{method}": policy.method_accounts.get(method, "") for method in METHODS}
    return _values(policy, FEES) | accounts


def _fee_groups(session: Session) -> Sequence[Group]:
    open_accounts = [(each.account_code, f"{each.account_code} {each.name}") for each in cash_accounts(session)]
    where = [
        Setting(f"account_of_{method}", method.capitalize(), f"Usually {ACCOUNT_OF_METHOD[method]}.", "choice",
                (("", "the usual account"), *open_accounts))
        for method in METHODS
    ]  # fmt: skip
    return (*FEES, Group("Which account money of each kind lands on", where))


def _keep_fees(session: Session, values: dict[str, Any]) -> object:
    chosen = {method: values.pop(f"account_of_{method}") for method in METHODS}
    kept = {method: code for method, code in billing_policy(session).method_accounts.items() if method not in METHODS}
    accounts = kept | {method: code for method, code in chosen.items() if code}
    return change_billing_policy(session, method_accounts=accounts, **values)


def _of_books(session: Session) -> dict[str, Any]:
    return _values(policy_of(session), BOOKS[:1]) | _values(treasury_policy(session), BOOKS) | {
        "accountants": policy_of(session).accountants,
    }  # fmt: skip


def _books_groups(session: Session) -> Sequence[Group]:
    people = [(f"staff:{person.id}", person.name) for person in active_staff(session)
              if {person.role, *person.extra_roles} & {"manager", "owner"}]  # fmt: skip
    who = Setting("accountants", "Accountants", "They may still adjust days that are closed softly; nobody else may.",
                  "people", people)  # fmt: skip
    return (*BOOKS, Group("Closed periods", (who,)))


def _keep_books(session: Session, values: dict[str, Any]) -> object:
    shown = [key for group in _books_groups(session) for setting in group.settings if setting.kind == "people"
             for key, _ in setting.choices]  # fmt: skip
    others = [actor for actor in policy_of(session).accountants if actor not in shown]
    set_policy(session, manual_limit=values.pop("manual_limit"), accountants=[*others, *values.pop("accountants")])
    return change_treasury_policy(session, **values)


def _values(row: object, groups: Sequence[Group]) -> dict[str, Any]:
    names = [setting.name for group in groups for setting in group.settings]
    return {name: getattr(row, name) for name in names if hasattr(row, name)}


TABS: dict[str, Tab] = {
    "company": Tab(
        "Company", "What documents print of the company, and how it speaks.", "company.settings",
        _of_company, lambda session, values: change_company(session, **values), lambda _: COMPANY,
    ),
    "billing": Tab(
        "Billing", "Holds for bills that are written from now on; those that are out stay as they are.",
        "company.settings", _of_billing(BILLING), lambda session, values: change_billing_policy(session, **values),
        lambda _: BILLING,
    ),
    "fees": Tab(
        "Fees and payments", "What being late costs, what a payment settles, and where its money is booked.",
        "company.settings", _of_fees, _keep_fees, _fee_groups,
    ),
    "books": Tab(
        "Books and bank", "Where a second person has to look, and how far the bank may be from the books.",
        "company.settings", _of_books, _keep_books, _books_groups,
    ),
    "pay": Tab(
        "Pay and cash", "Rules of pay for everybody, and of cash in agents' hands.",
        "company.settings", lambda session: _values(pay_policy(session), PAY),
        lambda session, values: set_pay_policy(session, **values), lambda _: PAY,
    ),
}  # fmt: skip
"""The tabs in their order, by the word in their address."""
ELSEWHERE = (
    ("recovery.view", "recovery_policy", "Recovery"),
    ("desk.settings", "desk", "Chats"),
    ("desk.settings", "field_rules", "Field work"),
    ("outage.settings", "outages", "Outages"),
    ("desk.settings", "alerts", "Alerts"),
    ("invoice.view", "taxes", "Taxes"),
)
"""(permission, view, title) of the settings that stand on a page of their own."""
