"""A company of any size, made in a few statements: discounts, part months, contracts, money paid ahead."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.cast import TestCompany

DAY = date(2026, 11, 1)
"""When everybody in town is due."""
FILLED = ("customer", "site", "contact", "customer_phone", "subscription", "subscription_line", "discount")
_BUILD = (
    "UPDATE tax_rate SET valid_from = '2020-01-01'",
    "INSERT INTO plan (code, name, kind, service_class, income_account, interval_months, tax_inclusive,"
    " download_mbps, upload_mbps, unit, rating, offered)"
    " SELECT 'F' || n, 'Fiber ' || n * 10, 'flat', 'internet', '4000', 1, n = 5, n * 10, n * 10, 'GB', '', true"
    " FROM generate_series(1, 10) n",
    "INSERT INTO plan_price (plan_id, valid_from, amount) SELECT id, '2024-01-01', 1500 + download_mbps * 49 FROM plan",
    "INSERT INTO customer (number, name, cnic, tax_number, email, customer_class, state, sub_zone_id)"
    " SELECT 'C-' || 10000 + n, 'Customer Number ' || n, lpad(n::text, 13, '3'), '', '',"
    " CASE WHEN n % 50 = 0 THEN 'corporate' ELSE 'residential' END, 'active', :zone"
    " FROM generate_series(1, :count) n",
    "INSERT INTO site (customer_id, address, connection_type)"
    " SELECT id, 'House ' || number || ', Street 7, Gulberg III, Lahore', 'fibre' FROM customer",
    "INSERT INTO contact (phone, name, username, phone_trusted, language_chosen, language)"
    " SELECT '+92300' || lpad(substr(number, 3), 7, '0'), name, '', true, false,"
    " (ARRAY['en', 'ur_Latn', 'ur'])[1 + length(name) % 3] FROM customer",
    "INSERT INTO customer_phone (customer_id, phone, label)"
    " SELECT id, '+92300' || lpad(substr(number, 3), 7, '0'), '' FROM customer",
    "INSERT INTO subscription (customer_id, site_id, plan_id, state, started_on, billing_day, interval_months,"
    " billed_until, next_bill_on, contract_no)"
    " SELECT c.id, s.id, p.id, 'active',"
    " CASE WHEN n % 10 = 3 THEN date '2026-11-01' ELSE date '2024-01-01' + (n % 900)::integer END,"
    " CASE WHEN n % 10 = 3 THEN 2 + n / 10 % 27 ELSE 1 END, 1,"
    " CASE WHEN n % 10 = 3 THEN NULL ELSE date '2026-11-01' END, date '2026-11-01', ''"
    " FROM (SELECT *, substr(number, 3)::integer - 10000 AS n FROM customer) c"
    " JOIN site s ON s.customer_id = c.id JOIN plan p ON p.code = 'F' || 1 + n % 10",
    "INSERT INTO subscription_line (subscription_id, position, role, plan_id, site_id, description, quantity,"
    " agreed_price, starts_on)"
    " SELECT s.id, k, CASE k WHEN 1 THEN 'main' ELSE 'site' END, s.plan_id, s.site_id,"
    " CASE WHEN c.customer_class = 'corporate' THEN 'Branch ' || k ELSE '' END, 1,"
    " CASE WHEN c.customer_class = 'corporate' THEN 9000 + k * 100 END, s.started_on"
    " FROM subscription s JOIN customer c ON c.id = s.customer_id"
    " CROSS JOIN generate_series(1, CASE WHEN c.customer_class = 'corporate' THEN 5 ELSE 1 END) k",
    "INSERT INTO discount (subscription_id, percent, amount, valid_from, reason, approved_by)"
    " SELECT s.id, CASE WHEN n % 2 = 0 THEN 7.5 END, CASE WHEN n % 2 = 1 THEN 150 END, '2024-01-01', 'town', 'town'"
    " FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM subscription) s WHERE n % 5 = 0",
    "UPDATE number_series SET last = last + :count WHERE kind = 'customer'",
)


def build_town(session: Session, company: TestCompany, count: int) -> None:
    """`count` customers with a subscription each, all due on `DAY`."""
    for statement in _BUILD:
        session.execute(text(statement), {"count": count, "zone": company.sub_zone_id})


_PAY = (
    "INSERT INTO payment (number, customer_id, method, account_code, amount, withheld_income_tax, withheld_sales_tax,"
    " certificate_no, unallocated, received_on, reference, idempotency_key, taken_by, state, state_reason, suspect)"
    " SELECT 'R-' || n || '-' || k, id, 'cash', '1010', 700 * k, 0, 0, '', 700 * k, date '2026-10-20' + k::integer, '',"
    " 'town:' || n || ':' || k, 'town', 'received', '', false"
    " FROM (SELECT *, substr(number, 3)::integer - 10000 AS n FROM customer) c, generate_series(1, 3) k"
    " WHERE n % 20 = 7",
    "INSERT INTO journal_entry (kind, source_id, posted_on, memo, actor, origin)"
    " SELECT 'payment', id, received_on, number, 'town', '' FROM payment",
    "INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount)"
    " SELECT e.id, a.id, CASE a.code WHEN '2200' THEN p.customer_id END, p.received_on,"
    " CASE a.code WHEN '2200' THEN -p.amount ELSE p.amount END"
    " FROM payment p JOIN journal_entry e ON e.source_id = p.id JOIN account a ON a.code IN ('1010', '2200')",
)


def pay_ahead(session: Session) -> None:
    """A twentieth of the town has paid three sums ahead: 700, 1,400 and 2,100."""
    for statement in _PAY:
        session.execute(text(statement))
