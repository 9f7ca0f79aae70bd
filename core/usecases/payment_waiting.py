"""What waits for a customer's money, and whom to tell that it came: one statement, since every payment asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.db import run_flushed
from core.ids import Id


@dataclass(frozen=True)
class Waiting:
    """What a payment of the customer sets in motion, what he has paid ahead, and the person who acts for him."""

    run_out: bool
    """Prepaid time that is over, of a line he pays for."""
    promised: bool
    in_recovery: bool
    """A case of his is open, or a suspension for debt runs."""
    advance: Decimal
    contact_id: Id | None
    language: str | None
    business_number_id: Id | None
    """The number the person last wrote to, else the company's first."""
    collector: str
    """The name of the employee who was asked for; empty for none."""

    @property
    def nothing(self) -> bool:
        """Whether the payment only settles what is owed."""
        return not (self.run_out or self.promised or self.in_recovery)


# Of the people, whoever writes from a number on file comes before others who were linked to the account. OFFSET 0
# keeps the look-ups by key, whatever the statistics say.
_WAITING = """
    SELECT EXISTS (
             SELECT 1 FROM subscription s JOIN plan p ON p.id = s.plan_id
              WHERE (s.payer_id = %(customer)s OR s.customer_id = %(customer)s AND s.payer_id IS NULL)
                AND s.state IN ('active', 'suspended') AND p.validity_days IS NOT NULL
                AND (s.paid_until IS NULL OR s.paid_until <= %(now)s)),
           EXISTS (SELECT 1 FROM promise WHERE customer_id = %(customer)s),
           EXISTS (SELECT 1 FROM recovery_case WHERE company_id = taar_company() AND customer_id = %(customer)s
                      AND state = 'open')
           OR EXISTS (SELECT 1 FROM service_cut WHERE company_id = taar_company() AND customer_id = %(customer)s
                         AND restored_at IS NULL),
           (SELECT coalesce(sum(unallocated), 0.00) FROM payment
             WHERE company_id = taar_company() AND customer_id = %(customer)s AND unallocated > 0
               AND state = 'received')
           + (SELECT coalesce(sum(unallocated), 0.00) FROM credit_note
               WHERE customer_id = %(customer)s AND unallocated > 0),
           who.id, who.language,
           coalesce(last.business_number_id, (SELECT id FROM business_number ORDER BY id LIMIT 1)),
           coalesce((SELECT name FROM staff WHERE id = %(collected_by)s::uuid), '')
      FROM (SELECT) always
      LEFT JOIN LATERAL (
        SELECT id, language FROM (
            SELECT c.id, c.language, true AS on_file FROM customer_phone p
             CROSS JOIN LATERAL (SELECT id, language FROM contact
                                  WHERE company_id = taar_company() AND phone = p.phone AND phone_trusted OFFSET 0) c
             WHERE p.customer_id = %(customer)s AND p.opens_account
            UNION ALL
            SELECT c.id, c.language, false FROM contact_account a
             CROSS JOIN LATERAL (SELECT id, language FROM contact WHERE id = a.contact_id OFFSET 0) c
             WHERE a.customer_id = %(customer)s
        ) known
         ORDER BY on_file DESC, id LIMIT 1) who ON true
      LEFT JOIN LATERAL (
        SELECT business_number_id FROM conversation v
         WHERE v.company_id = taar_company() AND v.contact_id = who.id
         ORDER BY v.last_inbound_at DESC NULLS LAST LIMIT 1) last ON true
"""


def waiting_of(session: Session, *, customer_id: Id, now: datetime, collected_by: Id | None = None) -> Waiting:
    """What waits for the customer's money at `now`; hold his row locked, so that nothing joins it meanwhile."""
    asked = {"customer": customer_id, "now": now, "collected_by": collected_by}
    (row,) = run_flushed(session, _WAITING, asked).fetchall()
    return Waiting(*row)
