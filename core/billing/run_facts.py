"""What the run reads for a batch of subscriptions: who is due, and beside the facts what issuing needs, all in sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.facts import Account, read_accounts
from core.billing.terms import PolicyTerms, Tariffs
from core.db import array_of
from core.ids import Id

START = ("-infinity", Id(int=0))


@dataclass
class AdvanceSource:
    """A payment or credit note with something left, which the batch uses up."""

    id: Id
    is_payment: bool
    left: Decimal


@dataclass(frozen=True, slots=True)
class Recipient:
    """The person who is told of an account's invoices, and from which business number."""

    contact_id: Id
    business_number_id: Id
    language: str


@dataclass(frozen=True)
class Batch:
    """Accounts to bill with their payers' money: what they owe, what they have paid ahead, whom to tell."""

    accounts: list[Account]
    owed: dict[Id, Decimal] = field(default_factory=dict)
    advances: dict[Id, list[AdvanceSource]] = field(default_factory=dict)
    recipients: dict[Id, Recipient] = field(default_factory=dict)


_DUE = """
      FROM subscription s
     WHERE s.next_bill_on <= :day
       AND (s.state = ANY(:states) OR s.state = 'ended' AND s.ended_on IS NOT NULL)
"""
_COUNT_DUE = text(f"SELECT count(*) {_DUE}")
# By payer, so that no two shares of a run wait for the same customer.
_NEXT_DUE = text(f"""
    SELECT s.next_bill_on::text, s.id {_DUE}
       AND (s.next_bill_on, s.id) > (CAST(:after_day AS date), CAST(:after_id AS uuid))
       AND (:shares = 1 OR abs(hashtext(coalesce(s.payer_id, s.customer_id)::text) % :shares) = :share)
     ORDER BY s.next_bill_on, s.id
     LIMIT :size
""")
_LOCK_DUE = text(f"""
    SELECT s.id {_DUE} AND s.id = ANY(CAST(:ids AS uuid[])) ORDER BY s.next_bill_on, s.id FOR UPDATE
""")
_LOCK_PAYERS = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM customer c
         WHERE c.id = ANY(ARRAY(
            SELECT coalesce(payer_id, customer_id) FROM subscription WHERE id = ANY(CAST(:ids AS uuid[]))))
         ORDER BY c.id FOR NO KEY UPDATE) locked
""")
_OWED = text("""
    SELECT customer_id, sum(balance) FROM invoice
     WHERE customer_id = ANY(CAST(:payers AS uuid[])) AND balance > 0 AND state IN ('issued', 'part_paid')
     GROUP BY customer_id
""")
_ADVANCES = text("""
    SELECT customer_id, id, true AS is_payment, unallocated, received_on AS since FROM payment
     WHERE customer_id = ANY(CAST(:payers AS uuid[])) AND unallocated > 0 AND state = 'received'
    UNION ALL
    SELECT customer_id, id, false, unallocated, issued_on FROM credit_note
     WHERE customer_id = ANY(CAST(:payers AS uuid[])) AND unallocated > 0
     ORDER BY since, id
""")
_RECIPIENTS = text("""
    WITH known AS (
        SELECT p.customer_id, c.id AS contact_id, c.language, true AS on_file FROM customer_phone p
         CROSS JOIN LATERAL (
            SELECT id, language FROM contact
             WHERE company_id = taar_company() AND phone = p.phone AND phone_trusted AND opted_out_at IS NULL
            OFFSET 0) c
         WHERE p.customer_id = ANY(CAST(:payers AS uuid[])) AND p.opens_account
        UNION
        SELECT a.customer_id, c.id, c.language, false FROM contact_account a
         CROSS JOIN LATERAL (
            SELECT id, language FROM contact WHERE id = a.contact_id AND opted_out_at IS NULL OFFSET 0) c
         WHERE a.customer_id = ANY(CAST(:payers AS uuid[]))
    ), chosen AS (
        SELECT DISTINCT ON (customer_id) customer_id, contact_id, language FROM known
         ORDER BY customer_id, on_file DESC, contact_id
    )
    SELECT chosen.customer_id, chosen.contact_id, coalesce(last.business_number_id, first.id),
           coalesce(chosen.language, company.default_language)
      FROM chosen
     CROSS JOIN company
     CROSS JOIN (SELECT id FROM business_number ORDER BY id LIMIT 1) first
      LEFT JOIN LATERAL (
        SELECT business_number_id FROM conversation v
         WHERE v.company_id = taar_company() AND v.contact_id = chosen.contact_id
         ORDER BY v.last_inbound_at DESC NULLS LAST LIMIT 1) last ON true
""")


def billed_states(policy: PolicyTerms) -> list[str]:
    """The states in which a subscription is billed. A paused one waits: its days are known once it is over.

    So does a suspended one where the company does not bill the days of a suspension.
    """
    return ["active", "suspended"] if policy.suspended_days_billed else ["active"]


def count_due(session: Session, policy: PolicyTerms, *, day: date) -> int:
    """How many subscriptions have a bill due by `day`."""
    return int(session.execute(_COUNT_DUE, {"day": day, "states": billed_states(policy)}).scalar_one())


def next_due(
    session: Session, policy: PolicyTerms, *, day: date, after: tuple[str, Id], size: int, share: int = 0,
    shares: int = 1,
) -> tuple[list[Id], tuple[str, Id]]:  # fmt: skip
    """The next `size` due subscriptions of a share, and the key to go on from.

    The day of the key is text, since a broken record may hold a date that no program can.
    """
    rows = session.execute(
        _NEXT_DUE,
        {"day": day, "states": billed_states(policy), "after_day": after[0], "after_id": after[1], "size": size,
         "share": share, "shares": shares},
    ).all()  # fmt: skip
    return [row[1] for row in rows], (rows[-1][0], rows[-1][1]) if rows else after


def lock_due(session: Session, policy: PolicyTerms, ids: Sequence[Id], *, day: date) -> list[Id]:
    """Lock those of the subscriptions that are still due, and their payers in the order of their ids.

    From then on nobody else bills them or moves their payers' money until the transaction ends.
    """
    still = session.scalars(_LOCK_DUE, {"day": day, "states": billed_states(policy), "ids": array_of(ids)}).all()
    session.execute(_LOCK_PAYERS, {"ids": array_of(still)})
    return list(still)


def read_batch(session: Session, tariffs: Tariffs, ids: Sequence[Id]) -> Batch:
    """Everything that issuing needs for the subscriptions that `lock_due` has locked."""
    accounts = read_accounts(session, tariffs, ids)
    payers = array_of({account.facts.payer_id for account in accounts})
    owed, advances = read_money(session, payers)
    return Batch(accounts, owed, advances, _recipients(session, tariffs.policy, payers))


def read_money(session: Session, payers: str) -> tuple[dict[Id, Decimal], dict[Id, list[AdvanceSource]]]:
    """What locked customers owe, and what they have paid ahead, the oldest first; `payers` as `array_of` makes it."""
    owed = {row[0]: row[1] for row in session.execute(_OWED, {"payers": payers}).all()}
    advances: dict[Id, list[AdvanceSource]] = defaultdict(list)
    for customer_id, source_id, is_payment, left, _ in session.execute(_ADVANCES, {"payers": payers}).all():
        advances[customer_id].append(AdvanceSource(source_id, is_payment, left))
    return owed, advances


def _recipients(session: Session, policy: PolicyTerms, payers: str) -> dict[Id, Recipient]:
    if not policy.notices:
        return {}
    return {row[0]: Recipient(*row[1:]) for row in session.execute(_RECIPIENTS, {"payers": payers}).all()}
