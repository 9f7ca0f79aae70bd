"""Payroll: terms, absences, bonuses and advances, the month's pay run, payslips, and leaving."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import TABLES, exported, printed
from admin_web.forms import FieldInvalid, Form, asked, attempt
from admin_web.own_limits import FIELDS, own_limit_values
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.ids import Id
from core.ledger.cash_accounts import cash_accounts
from core.money import ZERO
from core.printing.figures import figures
from core.staff.agent_cash import cash_limit_left, own_cash_limits
from core.staff.balances import ADVANCES, PAYABLE, balances_of
from core.staff.bonuses import give_bonus
from core.staff.commission_rules import commission_plans
from core.staff.earnings import month_earnings
from core.staff.employee_debts import give_advance, open_debts
from core.staff.employee_statements import employee_statement
from core.staff.leaving import preview_leaving
from core.staff.models import Staff
from core.staff.months import last_day, month_of
from core.staff.pay_run import plan_pay_run, run_pay
from core.staff.pay_terms import TAX_KINDS, Tax, set_pay_terms, terms_of, terms_running
from core.staff.payslip_pdf import payslip_pdf
from core.staff.payslips import payslip
from core.staff.people import active_staff, staff_named
from core.staff.salaries import absences_of, record_absence
from core.usecases.end_employment import end_employment, open_work_of
from core.usecases.export_report import export_report

ALLOWANCES = 3
LANGUAGES = ("en", "ur")


class FiguresChanged(DomainError):
    """What would be paid is no longer what was shown."""


@blueprint.get("/payroll")
@needs("payroll.view")
def payroll() -> Page:
    with books() as page:
        return render_template(
            "payroll.html", company=page.company, today=page.today, staff=active_staff(page.session),
            terms=terms_running(page.session), owed=balances_of(page.session, PAYABLE),
            advances=balances_of(page.session, ADVANCES),
        )  # fmt: skip


def money_codes(page: Books) -> list[tuple[str, str]]:
    """The accounts that pay out, by ledger code."""
    return [(each.account_code, f"{each.account_code} {each.name}") for each in cash_accounts(page.session)]


def asked_month(page: Books) -> date:
    """The month of the address line, this one without; 400 for nonsense."""
    written = asked().text("month")
    try:
        return month_of(date.fromisoformat(written if len(written) > 7 else f"{written}-01") if written else page.today)
    except ValueError:
        abort(400, "The month must be written as 2026-11.")


@blueprint.get("/payroll/run")
@needs("payroll.view")
def pay_run() -> Page:
    """What the month's run would accrue and pay now."""
    with books() as page:
        month = asked_month(page)
        return render_template(
            "pay_run.html", company=page.company, plan=plan_pay_run(page.session, month=month), month=month,
            accounts=money_codes(page), paid_on=min(page.today, last_day(month)),
        )  # fmt: skip


@blueprint.post("/payroll/run")
@needs("payroll.write")
def run_payroll() -> Page:
    """Pay exactly what was shown, or nothing."""

    def run(page: Books, form: Form) -> str:
        expected = form.amount("expected")
        made = run_pay(page.session, run_id=form.key("once"), month=asked_month(page), paid_on=form.day("paid_on"),
                       account_code=form.text("account_code", required=True), actor=page.actor)  # fmt: skip
        faults = "".join(f" {line.problem}." for line in made.lines if line.problem and line.pay.owed > ZERO)
        if made.paid not in (expected, ZERO):
            paid = figures(made.paid)
            raise FiguresChanged(
                f"Nobody is paid: {paid} would be paid now, not {figures(expected)}. Look again.{faults}"
            )
        if made.paid == ZERO:
            return f"Nothing was left to pay for {made.month:%B %Y}.{faults}"
        return f"{figures(made.paid)} is paid for {made.month:%B %Y}.{faults}"

    return attempt(run, done="panel.pay_run", show=pay_run, month=asked().text("month"))


@blueprint.get("/payroll/<uuid:staff_id>")
@needs("payroll.view")
def employee(staff_id: UUID) -> Page:
    return employee_page(staff_id, {})


def employee_page(staff_id: UUID, problems: dict[str, str]) -> str:
    """An employee's page, with why fields of his cash limits were refused."""
    with books() as page:
        person, form = _person(page, staff_id), asked()
        try:
            first, last = form.day("first", page.today.replace(day=1)), form.day("last", page.today)
            statement = employee_statement(page.session, staff_id=staff_id, first=first, last=last)
        except DomainError as wrong:
            abort(400, str(wrong))
        return render_template(
            "employee.html", company=page.company, person=person, terms=terms_of(page.session, staff_id=staff_id),
            absences=absences_of(page.session, staff_id=staff_id), statement=statement, today=page.today,
            debts=open_debts(page.session, staff_ids=[staff_id]), accounts=money_codes(page),
            plans=[(plan.id, plan.name) for plan in commission_plans(page.session)], tax_kinds=TAX_KINDS,
            earnings=month_earnings(page.session, staff_id=staff_id, month=asked_month(page)), rows=range(ALLOWANCES),
            cash=cash_limit_left(page.session, staff_id=staff_id, today=page.today), limit_fields=FIELDS,
            limits=own_limit_values(own_cash_limits(page.session).get(staff_id)), problems=problems,
        )  # fmt: skip


@blueprint.get("/payroll/<uuid:staff_id>/statement.<format>")
@needs("payroll.view")
def employee_file(staff_id: UUID, format: str) -> Page:
    """The employee's statement of the days that are asked for."""
    if format not in TABLES:
        abort(404)
    out, form = io.BytesIO(), asked()
    with books() as page:
        person = _person(page, staff_id)
        try:
            first, last = form.day("first", page.today.replace(day=1)), form.day("last", page.today)
            statement = employee_statement(page.session, staff_id=staff_id, first=first, last=last)
        except DomainError as wrong:
            abort(400, str(wrong))
        export_report(page.session, statement, title=f"Statement of {person.name}", format=format, out=out)
    return exported(out.getvalue(), mime=TABLES[format], name=f"statement-{last}.{format}")


def _attempt(staff_id: UUID, action: Callable[[Books, Form], str]) -> Page:
    return attempt(action, done="panel.employee", show=lambda: employee(staff_id), staff_id=staff_id)


def _person(page: Books, staff_id: Id) -> Staff:
    try:
        return staff_named(page.session, staff_id)
    except NotFound:
        abort(404)


@blueprint.post("/payroll/<uuid:staff_id>/terms")
@needs("payroll.write")
def change_terms(staff_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        allowances = {
            form.text(f"allowance_{row}", required=True): form.amount(f"allowance_amount_{row}")
            for row in range(ALLOWANCES) if form.text(f"allowance_{row}") or form.text(f"allowance_amount_{row}")
        }  # fmt: skip
        tax = Tax(form.choice("tax_kind", TAX_KINDS), form.maybe_amount("tax_amount") or ZERO,
                  form.rate("tax_percent") if form.text("tax_percent") else ZERO)  # fmt: skip
        made = set_pay_terms(
            page.session, staff_id=staff_id, starts_on=form.day("starts_on"), tax=tax, allowances=allowances,
            monthly_salary=form.amount("monthly_salary"), plan_id=form.maybe_key("plan"),
        )  # fmt: skip
        return f"He is paid by these terms from {made.starts_on}."

    return _attempt(staff_id, change)


@blueprint.post("/payroll/<uuid:staff_id>/absence")
@needs("payroll.write")
def note_absence(staff_id: UUID) -> Page:
    def note(page: Books, form: Form) -> str:
        made = record_absence(page.session, staff_id=staff_id, day=form.day("day"), part=form.rate("part"),
                              note=form.text("note"), recorded_by=page.actor)  # fmt: skip
        return f"The absence of {made.day} is taken off the next salary."

    return _attempt(staff_id, note)


@blueprint.post("/payroll/<uuid:staff_id>/bonus")
@needs("payroll.write")
def new_bonus(staff_id: UUID) -> Page:
    def give(page: Books, form: Form) -> str:
        key = form.once()
        made = give_bonus(page.session, staff_id=staff_id, amount=form.amount("amount"), actor=page.actor, origin=key,
                          tax=form.maybe_amount("tax") or ZERO, reason=form.text("reason", required=True),
                          given_on=form.day("day", page.today), idempotency_key=key)  # fmt: skip
        return f"A bonus of {figures(made.amount)} is owed to him."

    return _attempt(staff_id, give)


@blueprint.post("/payroll/<uuid:staff_id>/advance")
@needs("payroll.write")
def new_advance(staff_id: UUID) -> Page:
    user = current_user()
    assert user is not None

    def give(page: Books, form: Form) -> str:
        if user.staff_id is None:
            raise FieldInvalid("An advance is approved by an employee: sign in as one.")
        key = form.once()
        made = give_advance(
            page.session, staff_id=staff_id, amount=form.amount("amount"), reason=form.text("reason"),
            account_code=form.text("account_code", required=True), given_on=form.day("day", page.today),
            approved_by=user.staff_id, instalment=form.maybe_amount("instalment"), idempotency_key=key,
            actor=page.actor, origin=key,
        )  # fmt: skip
        return f"Advance {made.number} of {figures(made.amount)} is given."

    return _attempt(staff_id, give)


@blueprint.get("/payroll/<uuid:staff_id>/payslip")
@needs("payroll.view")
def payslip_page(staff_id: UUID) -> Page:
    with books() as page:
        month, person = asked_month(page), _person(page, staff_id)
        slip = payslip(page.session, staff_id=staff_id, month=month)
        return render_template("payslip.html", company=page.company, person=person, slip=slip, month=month)


@blueprint.get("/payroll/<uuid:staff_id>/payslip.pdf")
@needs("payroll.view")
def payslip_file(staff_id: UUID) -> Page:
    with books() as page:
        month, language = asked_month(page), asked().text("language") or "en"
        if language not in LANGUAGES:
            abort(404)
        try:
            name, pdf = payslip_pdf(page.session, staff_id=staff_id, month=month, language=language)
        except NotFound:
            abort(404)
    return printed(pdf, name)


@blueprint.get("/payroll/<uuid:staff_id>/leaving")
@needs("payroll.view")
def leaving(staff_id: UUID) -> Page:
    """What leaving on a day would settle; nothing is booked."""
    with books() as page:
        person, form, preview, problem = _person(page, staff_id), asked(), None, ""
        accounts = money_codes(page)
        day, account = page.today, form.text("account_code") or (accounts[0][0] if accounts else "")
        try:
            day = form.day("last_day", page.today)
            preview = preview_leaving(page.session, staff_id=staff_id, last_day_worked=day, account_code=account,
                                      paid_on=max(day, page.today))  # fmt: skip
        except DomainError as wrong:
            problem = str(wrong)
        return render_template("leaving.html", company=page.company, person=person, preview=preview, problem=problem,
                               day=day, account=account, accounts=accounts,
                               work=open_work_of(page.session, staff_id=staff_id))  # fmt: skip


@blueprint.post("/payroll/<uuid:staff_id>/leaving")
@needs("payroll.write")
def settle_leaver(staff_id: UUID) -> Page:
    def settle(page: Books, form: Form) -> str:
        key, day = form.once(), form.day("last_day")
        left = end_employment(
            page.session, staff_id=staff_id, last_day_worked=day, account_code=form.text("account_code", required=True),
            paid_on=max(day, page.today), idempotency_key=key, actor=page.actor, origin=key, now=utc_now(),
        )  # fmt: skip
        made = left.settlement
        if made is None or made.pay.net != form.amount("expected"):
            paid = figures(made.pay.net) if made else "nothing"
            raise FiguresChanged(f"The figures changed: {paid} would be paid now. Look again.")
        return f"{made.name} has left; {figures(made.pay.net)} was paid to him. {left.told}."

    return attempt(settle, done="panel.employee", staff_id=staff_id, show=lambda: leaving(staff_id))
