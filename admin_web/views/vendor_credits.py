"""What a vendor takes back of a bill, and bills of his from before these books; both shown on the vendor's page."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from admin_web.uploads import kept_file, sent_file
from admin_web.views.vendors import vendor
from core.errors import NotFound
from core.ledger.treasury_models import Bill, VendorCredit
from core.ledger.vendor_credits import record_vendor_credit
from core.ledger.vendor_openings import VendorOpening, open_vendor_bills
from core.printing.figures import day_text, figures


@blueprint.post("/vendors/<uuid:vendor_id>/bills/<uuid:bill_id>/credit")
@needs("vendor.write")
def credit_bill(vendor_id: UUID, bill_id: UUID) -> Page:
    """Amounts by line that are empty, all of them, take back what is left of the bill."""

    def credit(page: Books, form: Form) -> str:
        key, bill = form.once(), page.session.get(Bill, bill_id)
        if bill is None or bill.vendor_id != vendor_id:
            raise NotFound("There is no such bill of the vendor")
        named = {line.id: form.maybe_amount(f"net_{line.id}") for line in bill.lines}
        amounts = {line_id: amount for line_id, amount in named.items() if amount is not None}
        made = record_vendor_credit(
            page.session, bill_id=bill_id, credited_on=form.day("credited_on", page.today), actor=page.actor,
            reason=form.text("reason", required=True), amounts=amounts or None, vendor_ref=form.text("vendor_ref"),
            document_id=kept_file(page, "paper", kind="bill"), idempotency_key=key, origin=key,
        )  # fmt: skip
        ahead = f"; {figures(made.unallocated)} of it waits for his next bills" if made.unallocated else ""
        return f"Credit {made.number} of {figures(made.total)} for bill {bill.number} is in the books{ahead}."

    return _attempt(vendor_id, credit)


@blueprint.get("/vendor-credits/<uuid:credit_id>/paper")
@needs("vendor.write")
def credit_paper(credit_id: UUID) -> Page:
    """The vendor's own credit note, as it was uploaded."""
    with books() as page:
        credit = page.session.get(VendorCredit, credit_id)
        return sent_file(page, credit.document_id if credit else None)


@blueprint.post("/vendors/<uuid:vendor_id>/opening")
@needs("ledger.write")
def open_bill(vendor_id: UUID) -> Page:
    """A bill that was unpaid when these books began."""

    def bring(page: Books, form: Form) -> str:
        posted_on = form.day("posted_on")
        opening = VendorOpening(vendor_id, form.amount("amount"), form.day("due_on", posted_on),
                                form.text("their_number"))  # fmt: skip
        (bill,) = open_vendor_bills(
            page.session, posted_on=posted_on, openings=[opening], by=page.actor, origin="panel:vendor_opening"
        )
        return f"Bill {bill.number} of {figures(bill.total)} is brought forward, due on {day_text(bill.due_on, 'en')}."

    return _attempt(vendor_id, bring)


def _attempt(vendor_id: UUID, action: Callable[[Books, Form], str]) -> Page:
    return attempt(action, done="panel.vendor", show=lambda: vendor(vendor_id), vendor_id=vendor_id)
