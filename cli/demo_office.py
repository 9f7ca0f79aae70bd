"""The demo's office: banks, suppliers, expenses, salaries and commissions, a bank statement, and the first closing."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_timeline import ACTOR, CLOSING, OFFICE, RUNS
from cli.demo_town import Town
from core.billing.payment_models import Payment
from core.ids import Id, new_id
from core.ledger.bank_files_import import import_statement, save_mapping
from core.ledger.bills import accept_bill, propose_bills
from core.ledger.cash_accounts import account_statement, balance_of, open_cash_account
from core.ledger.cash_movements import record_bank_charge, record_owner_money
from core.ledger.expenses import (
    add_expense_category,
    approve_expense,
    ask_expense,
    expense_categories,
    pay_expense,
    record_expense,
)
from core.ledger.openings import Opening, open_balances
from core.ledger.periods import close_period
from core.ledger.transfers import send_transfer, transfer_now
from core.ledger.treasury_models import Bill, CashAccount, Vendor
from core.ledger.vendor_credits import record_vendor_credit
from core.ledger.vendor_payments import pay_vendor, withholding_for
from core.ledger.vendors import add_contract, add_vendor
from core.staff.commission_rules import Conditions, Measure, Tier, add_plan, add_rule
from core.staff.employee_debts import give_advance
from core.staff.pay_run import run_pay
from core.staff.pay_terms import set_pay_terms
from core.staff.people import add_staff
from core.usecases.accrue_commissions import accrue_commissions
from core.usecases.credit_connection import credit_connection
from core.usecases.end_employment import end_employment
from core.usecases.reconcile_bank import confirm_exact

OPENED = {"1500": "1875000.00", "3000": "-3500000.00"}
SALARIES = {"owner": "180000", "manager": "95000", "recovery_agent": "48000", "technician": "42000"}
MAPPING = {
    "date": "Date", "date_format": "dd/mm/yyyy", "text": ["Particulars"], "reference": "Reference", "debit": "Debit",
    "credit": "Credit", "balance": "Balance",
}  # fmt: skip
UNBOOKED = (("SMS ALERT CHARGES", "-116.00"), ("IBFT FROM 0300-5557788", "2500.00"))
"""What stands on the bank's statement and not in the books."""
FLOAT = Decimal("60000.00")
MISSED_EVERY = 9
"""Every so many of our entries reach the bank's statement only next month."""


def plan_office(town: Town) -> None:
    """Put three months of the office on the timeline."""
    before = town.months[0] - timedelta(days=1)
    timeline = town.timeline
    timeline.at(before, RUNS, lambda s, now: _open_books(s, town, before))
    timeline.at(before, OFFICE, lambda s, now: _hire(s, town))
    for month in town.months:
        timeline.at(month, OFFICE, lambda s, now: _bills(s, now))
        timeline.at(month + timedelta(days=19), OFFICE, lambda s, now: _pay_upstream(s, town, now))
        timeline.at(month + timedelta(days=10), CLOSING, _sweep)
        timeline.at(month + timedelta(days=25), CLOSING, _sweep)
        for days in (1, 4, 12, 20):
            timeline.at(month + timedelta(days=days), OFFICE, lambda s, now: _spend(s, town, now))
    for index in (1, 2):
        timeline.at(town.months[index] - timedelta(days=1), CLOSING, lambda s, now: _commissions(s, now))
        timeline.at(town.months[index], OFFICE, lambda s, now: _salaries(s, now))
    timeline.at(town.day(1, 12), OFFICE, lambda s, now: _advance(s, town))
    timeline.at(town.day(1, 22), OFFICE, lambda s, now: _vendor_credit(s, town))
    timeline.at(town.day(1, 21), OFFICE, lambda s, now: _bank_day(s, town))
    timeline.at(town.months[2], CLOSING, lambda s, now: _statement(s, town, now))
    timeline.at(town.today, OFFICE, lambda s, now: _today(s, town))
    timeline.at(town.today, CLOSING, lambda s, now: _commissions(s, now))
    timeline.at(town.today, CLOSING + 1, lambda s, now: close_period(
        s, through=town.months[1] - timedelta(days=1), by=_owner(town), now=now
    ))  # fmt: skip


def _owner(town: Town) -> str:
    return f"staff:{town.people('owner')[0].id}"


def _manager(town: Town) -> str:
    return f"staff:{town.people('manager')[0].id}"


def _account(session: Session, name: str) -> CashAccount:
    return session.scalars(select(CashAccount).where(CashAccount.name == name)).one()


def _open_books(session: Session, town: Town, day: date) -> None:
    for name, kind, balance, number in (
        ("Office cash", "cash", "85000.00", ""), ("Meezan Bank", "bank", "1450000.00", "PK00MEZN0000000123456702"),
        ("HBL", "bank", "610000.00", "PK00HABB0000000987654301"), ("JazzCash", "wallet", "42000.00", "03008000100"),
        ("Easypaisa", "wallet", "18500.00", "03458000100"),
    ):  # fmt: skip
        open_cash_account(session, name=name, kind=kind, opened_on=day, actor=ACTOR, origin=ACTOR, bank_number=number,
                          opening_balance=Decimal(balance), bank_name=name if kind == "bank" else "")  # fmt: skip
    open_balances(session, posted_on=day, by=ACTOR, origin=ACTOR,
                  balances=[Opening(code, Decimal(amount)) for code, amount in OPENED.items()])  # fmt: skip
    upstream = add_vendor(session, name="Transworld Transit", kind="upstream", terms_days=15, tax_number="2233445-6",
                          withholding_percent=Decimal(4))  # fmt: skip
    backhaul = add_vendor(session, name="Ravi Dark Fibre", kind="upstream", terms_days=10, tax_number="3344556-7")
    add_contract(session, vendor_id=upstream.id, name="IP transit", pricing="per_mbps", unit_price=Decimal("310.00"),
                 units=Decimal(600), starts_on=town.months[0], tax_percent=Decimal("19.5"))  # fmt: skip
    add_contract(session, vendor_id=backhaul.id, name="Backhaul Gulberg - Johar Town", pricing="fixed",
                 unit_price=Decimal("85000.00"), starts_on=town.months[0])  # fmt: skip
    for name, code in (("Rent", "6110"), ("Electricity", "6120"), ("Fuel", "6130"), ("Messages", "6150"),
                       ("Tea and guests", "")):  # fmt: skip
        add_expense_category(session, name=name, account_code=code)


def _hire(session: Session, town: Town) -> None:
    since = town.months[0]
    field, recovery = add_plan(session, name="Field technicians"), add_plan(session, name="Recovery agents")
    add_rule(session, plan_id=field.id, kind="new_connection", name="New connection", valid_from=since,
             measure=Measure(amount=Decimal("500.00")), conditions=Conditions(credit="installed"))  # fmt: skip
    add_rule(session, plan_id=field.id, kind="complaint", name="Complaint solved", valid_from=since,
             measure=Measure(amount=Decimal("50.00")), conditions=Conditions(reopen_days=3))  # fmt: skip
    add_rule(session, plan_id=recovery.id, kind="recovery", name="Recovery by age", valid_from=since, measure=Measure(
        tier_by="age", tiers=(Tier(Decimal(0), percent=Decimal("0.5")), Tier(Decimal(30), percent=Decimal(2)),
                              Tier(None, percent=Decimal(5))),
    ))  # fmt: skip
    plans: dict[str, Id] = {"technician": field.id, "recovery_agent": recovery.id}
    for person in town.staff:
        set_pay_terms(
            session, staff_id=person.id, starts_on=since, monthly_salary=Decimal(SALARIES[person.role]),
            allowances={"Petrol": Decimal("5000.00")} if person.role in plans else None,
            plan_id=plans.get(person.role),
        )  # fmt: skip
    technicians = town.people("technician")
    for number, resident in enumerate(r for r in town.residents if r.started_on >= since):
        credit_connection(session, subscription_id=resident.subscription_id, role="installed",
                          staff_id=technicians[number % len(technicians)].id)  # fmt: skip


def _day(now: datetime) -> date:
    return now.date()


def _bills(session: Session, now: datetime) -> None:
    day = _day(now)
    for bill in propose_bills(session, month=day, actor=ACTOR):
        accept_bill(session, bill_id=bill.id, billed_on=day, actor=ACTOR, origin=ACTOR,
                    vendor_ref=f"{day:%y%m}-{str(bill.vendor_id)[-4:]}")  # fmt: skip


def _pay_upstream(session: Session, town: Town, now: datetime) -> None:
    """Of the first month everything, of the later ones a part."""
    day, bank = _day(now), _account(session, "HBL")
    share = Decimal(100 if day < town.months[1] else 60)
    for vendor in session.scalars(select(Vendor).order_by(Vendor.number)).all():
        owed = session.scalars(select(Bill.balance).where(Bill.vendor_id == vendor.id, Bill.state != "draft")).all()
        settled = (sum(owed, Decimal(0)) * share / 100).quantize(Decimal("1.00"))
        if not settled:
            continue
        withheld = withholding_for(session, vendor_id=vendor.id, settled=settled)
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=settled - withheld, withheld=withheld,
                   paid_on=day, idempotency_key=f"demo:{day}:{vendor.number}", actor=ACTOR, origin=ACTOR,
                   reference=f"HBL{day:%y%m%d}{vendor.number[-2:]}")  # fmt: skip


def _categories(session: Session) -> dict[str, Id]:
    return {category.name: category.id for category in expense_categories(session)}


def _spend(session: Session, town: Town, now: datetime) -> None:
    """The rent with the owner's yes on the second of a month; smaller things from the drawer."""
    day, categories = _day(now), _categories(session)
    if day.day == 2:
        rent = ask_expense(session, category_id=categories["Rent"], net=Decimal("65000.00"), asked_on=day,
                           description="Office and tower site", idempotency_key=f"demo:rent:{day}",
                           actor=_manager(town))  # fmt: skip
        approve_expense(session, expense_id=rent.id, actor=_owner(town))
        pay_expense(session, expense_id=rent.id, cash_account_id=_account(session, "Meezan Bank").id, paid_on=day,
                    actor=_manager(town), origin=ACTOR)  # fmt: skip
        return
    for name, most in (("Fuel", 9000), ("Electricity", 22000), ("Tea and guests", 2500)):
        net = Decimal(town.chance.randrange(most // 3, most, 10)).quantize(Decimal("1.00"))
        record_expense(session, category_id=categories[name], cash_account_id=_account(session, "Office cash").id,
                       net=net, description=f"{name}, {day:%B}", spent_on=day, actor=_manager(town), origin=ACTOR,
                       idempotency_key=f"demo:{name}:{day}")  # fmt: skip


def _salaries(session: Session, now: datetime) -> None:
    """The past month's salaries, accrued on its last day and paid from the bank on the first."""
    day = _day(now)
    run_pay(session, run_id=new_id(), month=(day - timedelta(days=1)).replace(day=1), account_code="1020", paid_on=day,
            actor=ACTOR)  # fmt: skip


def _commissions(session: Session, now: datetime) -> None:
    day = _day(now)
    accrue_commissions(session, since=day.replace(day=1), until=day, actor=ACTOR, origin=f"run:commissions:{day}")


def _advance(session: Session, town: Town) -> None:
    person, owner = town.people("technician")[0], town.people("owner")[0]
    give_advance(session, staff_id=person.id, amount=Decimal("20000.00"), account_code="1010", approved_by=owner.id,
                 given_on=town.day(1, 12), idempotency_key="demo:advance", actor=f"staff:{owner.id}", origin=ACTOR,
                 instalment=Decimal("5000.00"), reason="School fees")  # fmt: skip


def _vendor_credit(session: Session, town: Town) -> None:
    """The upstream credits two days without transit on the month's bill."""
    vendor = session.scalars(select(Vendor).where(Vendor.name == "Transworld Transit")).one()
    newest = select(Bill).where(Bill.vendor_id == vendor.id, Bill.state.in_(("open", "part_paid")))
    bill = session.scalars(newest.order_by(Bill.billed_on.desc()).limit(1)).one()
    record_vendor_credit(
        session, bill_id=bill.id, amounts={bill.lines[0].id: Decimal("12000.00")}, credited_on=town.day(1, 22),
        reason="Two days without transit", vendor_ref=f"TW-CN-{town.day(1, 22):%y%m}", actor=_manager(town),
        origin=ACTOR, idempotency_key="demo:vendor-credit",
    )  # fmt: skip


def plan_leaver(town: Town) -> None:
    """A technician works for a month and a half, has an advance, and leaves: it is set off against his last pay."""
    since, last = town.months[0], town.day(1, 14)
    person: list[Id] = []

    def hire(session: Session, now: datetime) -> None:
        staff = add_staff(session, name="Kashif Iqbal", role="technician", phone="+923008000026",
                          area_id=town.areas["Model Town"])  # fmt: skip
        person.append(staff.id)
        set_pay_terms(session, staff_id=staff.id, starts_on=since, monthly_salary=Decimal(SALARIES["technician"]))

    def lend(session: Session, now: datetime) -> None:
        owner = town.people("owner")[0]
        give_advance(session, staff_id=person[0], amount=Decimal("9000.00"), account_code="1010",
                     approved_by=owner.id, given_on=_day(now), idempotency_key="demo:leaver", origin=ACTOR,
                     actor=f"staff:{owner.id}", instalment=Decimal("3000.00"), reason="Motorcycle repair")  # fmt: skip

    def leave(session: Session, now: datetime) -> None:
        end_employment(session, staff_id=person[0], last_day_worked=last, account_code="1020", paid_on=_day(now),
                       idempotency_key="demo:leaves", actor=_owner(town), origin=ACTOR, now=now)  # fmt: skip

    town.timeline.at(since, OFFICE, hire)
    town.timeline.at(town.day(0, 20), OFFICE, lend)
    town.timeline.at(town.day(1, 15), OFFICE, leave)


def _sweep(session: Session, now: datetime) -> None:
    """What drawer and wallets hold beyond their float goes to the bank, in whole thousands."""
    day, bank = _day(now), _account(session, "HBL")
    for name in ("Office cash", "JazzCash", "Easypaisa"):
        account = _account(session, name)
        beyond = (balance_of(session, cash_account_id=account.id, as_of=day) - FLOAT) // 1000 * 1000
        if beyond > 0:
            transfer_now(session, from_id=account.id, to_id=bank.id, amount=beyond, moved_on=day, actor=ACTOR,
                         origin=ACTOR, idempotency_key=f"demo:sweep:{name}:{day}",
                         reference=f"SWEEP-{day:%d%m}")  # fmt: skip


def _bank_day(session: Session, town: Town) -> None:
    """The owner puts money in, and the bank takes its charges."""
    day = town.day(1, 21)
    record_owner_money(session, cash_account_id=_account(session, "HBL").id, amount=Decimal("500000.00"), moved_on=day,
                       description="For the second quarter's fibre", idempotency_key="demo:owner", actor=_owner(town),
                       origin=ACTOR)  # fmt: skip
    record_bank_charge(session, cash_account_id=_account(session, "Meezan Bank").id, amount=Decimal("-580.00"),
                       moved_on=day, description="Cheque book", idempotency_key="demo:cheque-book", actor=ACTOR,
                       origin=ACTOR)  # fmt: skip


def _today(session: Session, town: Town) -> None:
    """A transfer on its way, and an expense that waits for the owner."""
    send_transfer(session, from_id=_account(session, "Meezan Bank").id, to_id=_account(session, "HBL").id,
                  amount=Decimal("60000.00"), sent_on=town.today, actor=_manager(town), origin=ACTOR,
                  idempotency_key="demo:transfer:way", reference="IBFT-7781")  # fmt: skip
    ask_expense(session, category_id=_categories(session)["Electricity"], net=Decimal("84000.00"), asked_on=town.today,
                description="Second-hand generator repair and batteries", idempotency_key="demo:generator",
                actor=_manager(town))  # fmt: skip


def _statement(session: Session, town: Town, now: datetime) -> None:
    """The bank's file of the past month comes in; what is sure is confirmed."""
    bank = _account(session, "Meezan Bank")
    save_mapping(session, cash_account_id=bank.id, mapping=MAPPING)
    import_statement(
        session, cash_account_id=bank.id, data=_statement_file(session, town, bank).encode(),
        filename=f"meezan-{town.months[1]:%Y-%m}.csv", imported_by=_manager(town), now=now,
    )  # fmt: skip
    confirm_exact(session, cash_account_id=bank.id, confirmed_by=_manager(town), now=now, origin=ACTOR)


def _statement_file(session: Session, town: Town, bank: CashAccount) -> str:
    start, end = town.months[1], town.months[2] - timedelta(days=1)
    book = account_statement(session, cash_account_id=bank.id, start=start, end=end)
    paid = select(Payment.number, Payment.reference).where(Payment.account_code == bank.account_code)
    references: dict[str, str] = {row.number: row.reference for row in session.execute(paid)}
    rows = [
        (row.posted_on, row.memo, references.get(row.memo, ""), row.amount)
        for number, row in enumerate(book.rows) if number % MISSED_EVERY
    ]  # fmt: skip
    rows += [(end, words, "", Decimal(amount)) for words, amount in UNBOOKED]
    out, balance = io.StringIO(), book.opening
    table = csv.writer(out)
    table.writerow(("Date", "Particulars", "Reference", "Debit", "Credit", "Balance"))
    for day, words, reference, amount in rows:
        balance += amount
        sides = ("", f"{amount:.2f}") if amount > 0 else (f"{-amount:.2f}", "")
        table.writerow((f"{day:%d/%m/%Y}", words, reference, *sides, f"{balance:.2f}"))
    return out.getvalue()
