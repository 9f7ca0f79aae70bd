"""One customer's page: everything known, from every domain, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from core.billing.balance import AccountBalance, account_balance
from core.billing.invoice_models import Invoice
from core.billing.invoices import invoices_of
from core.billing.payment_models import Payment, PaymentClaim
from core.billing.payments import payments_of
from core.billing.plan_models import TaxExemption
from core.billing.services import Services, services_of
from core.billing.subscription_models import Subscription
from core.billing.tax_table import exemptions_of
from core.crm.customers import customer_by_number
from core.crm.models import Contact, ContactAccount, Customer, CustomerPhone, Document
from core.inventory.models import Item
from core.messaging.models import InboundMessage, OutboundMessage
from core.network.models import Access
from core.service_desk.job_models import Job
from core.service_desk.models import Ticket
from core.service_desk.tickets import tickets_of

CHAT_SHOWN = 100
ABOUT_OTHERS = ("edit", "revoke")
"""Messages that only say something of another one."""


@dataclass(frozen=True)
class ChatLine:
    """One message of the chat; `state` only for the company's own."""

    at: datetime
    ours: bool
    text: str
    kind: str
    state: str | None
    edited: bool = False
    deleted: bool = False
    """Taken back by the person: its words are not shown any more."""


@dataclass(frozen=True)
class Profile:
    """What the page shows."""

    customer: Customer
    subscriptions: Sequence[Subscription]
    services: Services
    access: Sequence[Access]
    balance: AccountBalance
    invoices: Sequence[Invoice]
    payments: Sequence[Payment]
    claims: Sequence[PaymentClaim]
    tickets: Sequence[Ticket]
    jobs: Sequence[Job]
    """The last visits to him, planned ones first."""
    items: Sequence[Item]
    documents: Sequence[Document]
    exemptions: Sequence[TaxExemption]
    chat: Sequence[ChatLine]


def customer_profile(session: Session, *, number: str, today: date) -> Profile:
    """The profile of the customer printed as `number`; raises NotFound."""
    customer = customer_by_number(session, number=number)
    mine = customer.id
    return Profile(
        customer=customer,
        subscriptions=session.scalars(select(Subscription).where(Subscription.customer_id == mine)).all(),
        services=services_of(session, customer_id=mine, today=today),
        access=session.scalars(
            select(Access)
            .join(Subscription, Subscription.id == Access.subscription_id)
            .where(Subscription.customer_id == mine)
        ).all(),
        balance=account_balance(session, customer_id=mine, today=today),
        invoices=invoices_of(session, customer_id=mine),
        payments=payments_of(session, customer_id=mine),
        claims=session.scalars(select(PaymentClaim).where(PaymentClaim.customer_id == mine)).all(),
        tickets=tickets_of(session, customer_id=mine),
        jobs=session.scalars(
            select(Job)
            .where(Job.customer_id == mine)
            .order_by(Job.done_at.desc().nulls_first(), Job.opened_at.desc())
            .limit(10)
        ).all(),
        items=session.scalars(select(Item).where(Item.holder_kind == "customer", Item.holder_id == mine)).all(),
        documents=session.scalars(select(Document).where(Document.customer_id == mine).limit(50)).all(),
        exemptions=exemptions_of(session, customer_id=mine),
        chat=_chat(session, customer),
    )


def _chat(session: Session, customer: Customer) -> Sequence[ChatLine]:
    linked = select(ContactAccount.contact_id).where(ContactAccount.customer_id == customer.id)
    on_file = select(CustomerPhone.phone).where(CustomerPhone.customer_id == customer.id, CustomerPhone.opens_account)
    people = select(Contact.id).where(or_(Contact.id.in_(linked), Contact.phone.in_(on_file) & Contact.phone_trusted))
    heard = select(
        InboundMessage.created_at.label("at"), literal(False).label("ours"), InboundMessage.text,
        InboundMessage.type, null(), InboundMessage.edited_at.is_not(None).label("edited"),
        InboundMessage.deleted_at.is_not(None).label("deleted"),
    ).where(InboundMessage.contact_id.in_(people), InboundMessage.type.not_in(ABOUT_OTHERS))  # fmt: skip
    told = select(
        OutboundMessage.created_at,
        literal(True),
        OutboundMessage.text,
        OutboundMessage.kind,
        OutboundMessage.state,
        literal(False),
        literal(False),
    ).where(OutboundMessage.contact_id.in_(people), OutboundMessage.kind != "read")
    both = union_all(heard, told).subquery()
    newest = session.execute(select(both).order_by(both.c.at.desc(), both.c.ours.desc()).limit(CHAT_SHOWN)).all()
    return [replace(line, text="") if line.deleted else line for line in (ChatLine(*row) for row in reversed(newest))]
