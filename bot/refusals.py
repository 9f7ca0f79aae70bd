"""What stands in the way, in the person's language: core's own texts are English and meant for the panel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.texts.reply import Saying, words
from core.billing import cash_proof, claims, payments, plans, refunds, taking_back, write_offs
from core.billing import lines as lines_of_bills
from core.crm import linking
from core.crm.leads import LeadMoveRefused
from core.errors import DomainError, NotFound
from core.inventory import restock
from core.ledger import expenses
from core.money import AmountInvalid
from core.recovery import assignment, cases, promise_terms, promises
from core.service_desk import tickets
from core.service_desk.jobs import JobInvalid, JobOpenAlready
from core.staff import cashiers, handovers, terms
from core.usecases import assign_ticket, carry_out_proposal
from core.usecases.connect_lead import LeadIncomplete
from core.usecases.suspend_overdue import ApprovalInvalid

PLACES = re.compile(r"%\((\w+)\)s")

CANNOT = words("This cannot be done now. Please ask the office.")
DECIDED = (words("%(number)s is decided already."), words("This is decided already."))
ANOTHER_PERSON = (words("Who asked for it cannot approve it: another person has to."),)
SENT_BEFORE = (words("This was sent before with other figures. Please begin again."),)

SAID: Mapping[type[DomainError], tuple[Saying, ...]] = {
    NotFound: (words("This is not there any more."),),
    AmountInvalid: (words("That is not an amount."),),
    ApprovalInvalid: (words("Please say how many suspensions may happen: at least one."),),
    claims.ClaimDecided: DECIDED,
    claims.ClaimInvalid: (words("The amount or the reason is missing."),),
    payments.PaymentInvalid: (
        words("This payment cannot be booked so. Please check the amount and how it was paid."),
    ),
    payments.KeyReused: SENT_BEFORE,
    payments.ChequesNotAccepted: (words("A cheque of this customer bounced: please take cash or a transfer."),),
    refunds.SecondPersonNeeded: ANOTHER_PERSON,
    refunds.RefundDecided: DECIDED,
    refunds.AdvanceTooSmall: (
        words("Only %(left)s can still be given back, less than %(amount)s."),
        words("His advance is smaller than that by now."),
    ),
    write_offs.SecondPersonNeeded: ANOTHER_PERSON,
    write_offs.WriteOffDecided: DECIDED,
    write_offs.NotWritable: (words("This bill can no longer be given up: it was paid or changed meanwhile."),),
    expenses.ExpenseNotInState: DECIDED,
    expenses.OwnApproval: ANOTHER_PERSON,
    cash_proof.NotYourReceipt: (words("I do not know that receipt."),),
    cash_proof.ReceiptTakenBack: (
        words("Receipt %(receipt)s is taken back. It does not count any more."),
        words("This receipt is taken back already."),
    ),
    cash_proof.ProofDecided: DECIDED,
    cash_proof.ProofInvalid: (words("A few words on what was found are missing."),),
    cash_proof.OwnReceipt: (words("Nobody decides about cash that he took himself: another person has to."),),
    taking_back.PaymentTakenBack: (words("This receipt is taken back already."),),
    taking_back.AdvanceRefunded: (
        words("A part of this money was given back to the customer: it cannot be taken back."),
    ),
    LeadIncomplete: (
        words("The request lacks its plan, place or name. Please complete it in the panel first, or refuse it."),
    ),
    LeadMoveRefused: DECIDED,
    JobInvalid: (words("This visit cannot be planned so. Please plan it in the panel."),),
    JobOpenAlready: (words("A visit of that kind is planned already."),),
    cashiers.NotTheCashier: (words("Nobody counts his own cash: another manager or the owner does."),),
    handovers.HandoverNotWaiting: DECIDED,
    handovers.HandoverInvalid: (words("A handover must be more than zero."),),
    handovers.HandoverKeyReused: SENT_BEFORE,
    handovers.MoreThanInHand: (
        words("You hold %(held)s by your receipts, which is less than %(amount)s."),
        words("You hold less than that by your receipts."),
    ),
    cases.ProposalDecided: DECIDED,
    carry_out_proposal.NotCarriedOut: (words("This cannot be done as things stand: the panel says why."),),
    linking.LinkDecided: DECIDED,
    restock.RestockDecided: DECIDED,
    restock.RestockInvalid: (words("This request cannot be granted so. The panel says why."),),
    terms.TermsDecided: DECIDED,
    terms.OwnRequest: ANOTHER_PERSON,
    terms.TermsInvalid: (words("This is the owner's to allow, or a part of it is missing."),),
    plans.PriceExists: (words("The plan has another price from that day on already."),),
    lines_of_bills.DiscountInvalid: (words("That discount cannot be given."),),
    linking.AccountUnknown: (words("No account has that number."),),
    assignment.AgentUnfit: (words("This person is no recovery agent at work."),),
    assign_ticket.TechnicianUnfit: (words("This person is no technician at work."),),
    tickets.TicketClosed: (words("This ticket is not open any more."),),
    cases.NoOpenCase: (words("This customer has no open case."),),
    cases.AttemptInvalid: (words("A part of the report is missing. Please begin again."),),
    promise_terms.PromiseRefused: (
        words("From %(first)s to %(last)s, and from %(least)s to %(most)s, can be promised."),
        words("This day or amount cannot be promised."),
    ),
    promises.PromiseStillRunning: (
        words("%(amount)s is promised for %(day)s already."),
        words("There is a promise already."),
    ),
    promises.ExtensionsUsedUp: (
        words("This promise was changed as often as is allowed: it stands until %(day)s."),
        words("This promise was changed as often as is allowed."),
    ),
}  # fmt: skip
"""For each refusal the sayings from the most telling on; the last one needs no facts."""


def explained(refusal: DomainError) -> Saying:
    """Why it cannot be done: the most telling saying whose facts the refusal carries."""
    for kind in type(refusal).__mro__:
        for saying in SAID.get(kind, ()):
            if refusal.facts.keys() >= set(PLACES.findall(saying.text)):
                return replace(saying, facts=refusal.facts)
    return CANNOT
