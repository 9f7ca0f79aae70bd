"""A new customer is welcomed: his number, his plan, how he pays, and what he can ask for here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.companies import current_company
from core.crm.models import Customer
from core.messaging import payloads, window
from core.messaging.outbox import queue_message
from core.recovery.reminders import recipients
from core.service_desk.job_words import TEMPLATES, known

WORDS: Mapping[str, str] = {
    "en": "Welcome to %(company)s, %(name)s! Your customer number is *%(number)s*, your plan is %(plan)s."
          " Write here for your bill, to pay, for your usage or if something is wrong. How to pay: %(how_to_pay)s",
    "ur_Latn": "%(company)s mein khush aamdeed, %(name)s! Aap ka customer number *%(number)s* hai, package %(plan)s."
               " Bill, adaigi, usage ya kisi bhi maslay ke liye yahin likhein. Adaigi: %(how_to_pay)s",
    "ur": "%(company)s میں خوش آمدید، %(name)s! آپ کا کسٹمر نمبر *%(number)s* ہے، پیکج %(plan)s۔ بل، ادائیگی،"
          " استعمال یا کسی بھی مسئلے کے لیے یہیں لکھیں۔ ادائیگی: %(how_to_pay)s",
}  # fmt: skip


def tell_welcome(session: Session, *, subscription: Subscription, now: datetime) -> bool:
    """Queue it once for the subscription; False where nobody can be reached."""
    company, customer = current_company(session), session.get_one(Customer, subscription.customer_id)
    person = recipients(session, [customer], company=company)[customer.id]
    if person.silence or person.contact_id is None or person.business_number_id is None:
        return False
    language = known(person.language)
    ways = ", ".join(f"{name} {account}" for name, account in company.payment_methods.items())
    facts = {
        "company": company.name, "name": customer.name, "number": customer.number, "plan": subscription.plan.name,
        "how_to_pay": ways or company.support_phone or "-",
    }  # fmt: skip
    body = WORDS[language] % facts
    suffix, approved = TEMPLATES[language]
    twin: dict[str, Any] = {"name": f"welcome{suffix}", "language": approved, "parameters": facts}
    in_window = window.is_open(person.last_inbound_at, now)
    queue_message(
        session, contact_id=person.contact_id, business_number_id=person.business_number_id, lane="notice", text=body,
        payload=payloads.text(body) if in_window else payloads.template(**twin), now=now,
        dedupe_key=f"welcome:{subscription.id}", template=twin if in_window else None,
    )  # fmt: skip
    return True
