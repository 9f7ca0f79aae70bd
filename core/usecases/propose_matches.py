"""What each open line of a bank statement may be: postings, customers' payments, claims, transfers, taught accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz, process
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.claims import match_claim, pending_claims
from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.payment_models import Payment
from core.companies import current_company
from core.crm.models import Customer, CustomerPhone
from core.ids import Id
from core.ledger import reconciliation_matching as matching
from core.ledger.cash_accounts import cash_account, cash_accounts, treasury_policy
from core.ledger.reconciliation_matches import OpenPosting, open_lines, open_postings
from core.ledger.reconciliation_matching import BookFacts, LineFacts, Proposal, key_of_reference, keys_in
from core.ledger.reconciliation_models import BankLine
from core.ledger.reconciliation_rules import rule_of, rules_for
from core.ledger.transfers import transfers_under_way
from core.money import ZERO

NAME_SCORE_MIN = 86
NAME_SHARE_MIN = 0.7
"""A payer's text much shorter than the name, such as a first name, points at nobody."""
PHONE_SCORE, OWES_IT_SCORE = 97, 3
SIMILAR_MAX = 3
COMPARED_WITH_ALL_MAX = 3000
CANDIDATES_MAX = 500
"""In a larger company a name is compared with those that share its rarest words, about so many."""


@dataclass(frozen=True)
class _Known:
    """Customers and invoices of ours that a line names."""

    customers: dict[Id, str]
    invoices: dict[Id, Id]
    """Open invoices: id to the customer who owes it."""


def narrative(line: BankLine) -> str:
    """Everything a bank line says."""
    return " ".join(filter(None, (line.reference, line.text, line.payer_name, line.payer_account, line.bank_id)))


def propose(session: Session, *, cash_account_id: Id) -> list[Proposal]:
    """What the account's open lines may be, in the classes' order; nothing is booked or matched.

    A line taken by one class is not proposed by a later one; only class 4 may offer several customers for a line.
    """
    policy, account = treasury_policy(session), cash_account(session, cash_account_id)
    rows = {line.id: line for line in open_lines(session, cash_account_id=account.id)}
    open_books = open_postings(session, cash_account_id=account.id)
    found = _opening(rows, open_books)
    known = {line.id: _named(session, line) for line in rows.values() if line.kind == "line"}
    lines = [_line_facts(rows[line_id], names) for line_id, names in known.items()]
    lines, books = matching.without(found, lines, _book_facts(session, open_books))

    def take(proposals: list[Proposal]) -> None:
        nonlocal lines, books
        found.extend(proposals)
        lines, books = matching.without(proposals, lines, books)

    take(matching.by_reference(lines, books, days=policy.match_days))
    take(_claims(session, [rows[line.id] for line in lines], sure=True))
    take(_payments(session, [rows[line.id] for line in lines], known))
    take(_arrivals(session, account.id, lines, policy.match_days))
    take(matching.by_amount(lines, books, days=policy.match_days))
    take(matching.by_sum(lines, books, days=policy.match_days))
    gateways = {
        gateway.id: _book_facts(session, open_postings(session, cash_account_id=gateway.id))
        for gateway in cash_accounts(session) if gateway.kind == "gateway" and gateway.id != account.id
    }  # fmt: skip
    take(matching.by_settlement(lines, gateways, fee_percent_max=policy.gateway_fee_percent_max))
    take(matching.reversals(books))
    take(_claims(session, [rows[line.id] for line in lines], sure=False))
    take(_similar(session, [rows[line.id] for line in lines]))
    take(_by_rules(session, account.id, [rows[line.id] for line in lines]))
    return sorted(found, key=lambda proposal: (proposal.rank, -proposal.score))


def _opening(rows: dict[Id, BankLine], books: Sequence[OpenPosting]) -> list[Proposal]:
    """The balance before the first line is what the books had by then, if they agree."""
    opening = next((line for line in rows.values() if line.kind == "opening"), None)
    if opening is None:
        return []
    before = [book for book in books if book.posted_on <= opening.booked_on]
    brought = [book for book in before if book.kind == "opening_balance"]
    for some in (brought, before):
        if some and sum((book.amount for book in some), ZERO) == opening.amount:
            return [Proposal(rank=matching.EXACT, kind="match", line_ids=(opening.id,), sure=True,
                             posting_ids=tuple(book.posting_id for book in some),
                             reason="The balance before the first line")]  # fmt: skip
    return []


def _line_facts(line: BankLine, names: _Known) -> LineFacts:
    numbers = frozenset(key_of_reference(number) for number in names.customers.values())
    return LineFacts(line.id, line.booked_on, line.amount, keys_in(narrative(line)) | numbers)


def _book_facts(session: Session, books: Sequence[OpenPosting]) -> list[BookFacts]:
    ids = [book.source_id for book in books if book.kind == "payment"]
    payments = {
        id: (reference, number)
        for id, reference, number in session.execute(
            select(Payment.id, Payment.reference, Customer.number)
            .join(Customer, Customer.id == Payment.customer_id)
            .where(Payment.id.in_(ids))
        )
    }
    facts = []
    for book in books:
        reference, customer = payments.get(book.source_id, ("", ""))
        words = [*book.memo.split(), *reference.split(), reference]
        facts.append(BookFacts(
            book.posting_id, book.posted_on, book.amount, _keys(words), _keys([customer]), book.reverses_id,
            book.entry_id,
        ))  # fmt: skip
    return facts


def _keys(words: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(key_of_reference, words)))


def _named(session: Session, line: BankLine) -> _Known:
    """Whom our own numbers and tokens in the line speak of."""
    said: dict[str, set[str]] = defaultdict(set)
    if line.amount > ZERO:
        for kind, value in matching.own_references(keys_in(narrative(line))):
            said[kind].add(value)
    if not said:
        return _Known({}, {})
    invoices = session.execute(
        select(Invoice.id, Invoice.customer_id, Invoice.state).where(
            Invoice.number.in_(said["invoice"]) | Invoice.token.in_([Id(hex) for hex in said["token"]])
        )
    ).all()
    wanted = Customer.number.in_(said["customer"]) | Customer.id.in_([invoice.customer_id for invoice in invoices])
    customers = dict(session.execute(select(Customer.id, Customer.number).where(wanted)).all())
    return _Known(customers, {i.id: i.customer_id for i in invoices if i.state in OPEN_STATES})


def _claims(session: Session, lines: Sequence[BankLine], *, sure: bool) -> list[Proposal]:
    zone = current_company(session).timezone
    found, taken = [], set[Id]()
    for line in lines:
        hit = None
        if line.amount > ZERO:
            hit = match_claim(
                session, amount=line.amount, narrative=narrative(line), booked_on=line.booked_on, zone=zone
            )
        if hit is None or hit.sure is not sure or hit.claim.id in taken:
            continue
        taken.add(hit.claim.id)
        reason = "The claim's reference and amount" if sure else "A claim of that amount"
        found.append(Proposal(
            rank=matching.EXACT if sure else matching.SIMILAR, kind="claim", line_ids=(line.id,), sure=sure,
            claim_id=hit.claim.id, customer_id=hit.claim.customer_id, reason=f"{reason}, {hit.claim.number}",
        ))  # fmt: skip
    return found


def _payments(session: Session, lines: Sequence[BankLine], known: dict[Id, _Known]) -> list[Proposal]:
    """Class 1: the line names one customer or his invoice, and nobody has recorded the payment.

    Where that customer claims to have paid just that, it is his claim, so that it is not approved a second time.
    """
    claimed = {(claim.customer_id, claim.amount): claim.id for claim in pending_claims(session)}
    found, taken = [], set[Id]()
    for line in lines:
        names = known[line.id]
        if line.amount <= ZERO or len(names.customers) != 1:
            continue
        [customer_id] = names.customers
        claim_id = claimed.get((customer_id, line.amount))
        claim_id = None if claim_id in taken else claim_id
        taken |= {claim_id} if claim_id else set()
        found.append(Proposal(
            rank=matching.EXACT, kind="claim" if claim_id else "payment", line_ids=(line.id,), sure=True,
            customer_id=customer_id, claim_id=claim_id, invoice_ids=tuple(names.invoices),
            reason=f"It names customer {names.customers[customer_id]}",
        ))  # fmt: skip
    return found


def _arrivals(session: Session, account_id: Id, lines: Sequence[LineFacts], days: int) -> list[Proposal]:
    found, taken = [], set[Id]()
    under_way = transfers_under_way(session, to_id=account_id)
    for line in lines:
        fitting = [
            (not _keys([t.reference, *t.reference.split()]) & line.keys, abs((line.day - t.sent_on).days), t)
            for t in under_way if t.id not in taken and t.amount == line.amount and line.day >= t.sent_on
        ]  # fmt: skip
        if not fitting:
            continue
        other_words, apart, transfer = min(fitting, key=lambda fit: fit[:2])
        if other_words and apart > days:
            continue
        taken.add(transfer.id)
        found.append(Proposal(
            rank=matching.SAME_AMOUNT if other_words else matching.EXACT, kind="transfer", line_ids=(line.id,),
            sure=not other_words, transfer_id=transfer.id, reason=f"Transfer {transfer.number} is under way",
        ))  # fmt: skip
    return found


def _similar(session: Session, lines: Sequence[BankLine]) -> list[Proposal]:
    """Class 4: customers by the phone in the text, or whose name is like the payer's; never booked unasked."""
    lines = [line for line in lines if line.amount > ZERO and line.kind == "line"]
    if not lines:
        return []
    payers = _Payers(session)
    phones = _customers_of_phones(session, {tail for line in lines for tail in _phones_in(line)})
    scores = {line.id: payers.like(line.payer_name or line.text) for line in lines}
    for line in lines:
        scores[line.id] |= {id: PHONE_SCORE for tail in _phones_in(line) for id in phones.get(tail, ())}
    owed = _owed(session, {id for hits in scores.values() for id in hits})
    found = []
    for line in lines:
        hits = {id: score + OWES_IT_SCORE * (owed.get(id) == line.amount) for id, score in scores[line.id].items()}
        for id in sorted(hits, key=lambda id: (-hits[id], payers.numbers[id]))[:SIMILAR_MAX]:
            same = ", who owes just that" if owed.get(id) == line.amount else ""
            found.append(Proposal(
                rank=matching.SIMILAR, kind="payment", line_ids=(line.id,), customer_id=id, score=hits[id],
                reason=f"Like {payers.names[id]} ({payers.numbers[id]}){same}",
            ))  # fmt: skip
    return found


class _Payers:
    """Every customer's name, to be compared with how a bank writes it."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Customer.id, Customer.number, Customer.name)).all()
        self.numbers = {id: number for id, number, _ in rows}
        self.names = {id: name for id, _, name in rows}
        self._ids = [id for id, _, _ in rows]
        self._folded = [" ".join(matching.plain_words(name)) for _, _, name in rows]
        self._sharing: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._folded):
            for word in set(name.split()):
                self._sharing[word].append(place)

    def like(self, text: str) -> dict[Id, int]:
        """Customers whose name is like `text` or like a part of it, with a score up to 100."""
        text = " ".join(matching.plain_words(text))
        pool = {place: self._folded[place] for place in self._candidates(text)}
        scores: dict[Id, int] = {}
        for scorer in (fuzz.token_set_ratio, fuzz.partial_ratio):
            for name, score, place in process.extract(text, pool, scorer=scorer, score_cutoff=NAME_SCORE_MIN, limit=20):
                if " " in name and len(text) >= NAME_SHARE_MIN * len(name):
                    scores[self._ids[place]] = max(scores.get(self._ids[place], 0), int(score))
        return scores

    def _candidates(self, text: str) -> Iterable[int]:
        """Everybody in a small company; in a large one those who share the rarest words."""
        if len(self._ids) <= COMPARED_WITH_ALL_MAX:
            return range(len(self._ids))
        found: set[int] = set()
        for places in sorted((self._sharing.get(word, []) for word in set(text.split())), key=len):
            if found and len(found) + len(places) > CANDIDATES_MAX:
                break
            found.update(places)
        return found


def _phones_in(line: BankLine) -> set[str]:
    """The last ten digits of what may be phone numbers, with or without the country's prefix."""
    words = matching.plain_words(f"{line.text} {line.payer_name} {line.payer_account}")
    return {word[-10:] for word in words if word.isdigit() and 10 <= len(word) <= 14}


def _customers_of_phones(session: Session, tails: set[str]) -> dict[str, list[Id]]:
    found: dict[str, list[Id]] = defaultdict(list)
    tail = func.right(CustomerPhone.phone, 10)
    for digits, customer_id in session.execute(select(tail, CustomerPhone.customer_id).where(tail.in_(tails))):
        found[digits].append(customer_id)
    return found


def _owed(session: Session, customer_ids: set[Id]) -> dict[Id, Decimal]:
    """What each of them owes on open invoices."""
    sums = (
        select(Invoice.customer_id, func.sum(Invoice.balance))
        .where(Invoice.customer_id.in_(customer_ids), Invoice.state.in_(OPEN_STATES))
        .group_by(Invoice.customer_id)
    )
    return dict(session.execute(sums).all())


def _by_rules(session: Session, account_id: Id, lines: Sequence[BankLine]) -> list[Proposal]:
    """Class 5: what people taught; the first rule that fits."""
    rules = rules_for(session, cash_account_id=account_id)
    hits = [(line, rule_of(line, rules)) for line in lines if line.kind == "line"]
    return [
        Proposal(rank=matching.RULE, kind="account", line_ids=(line.id,), account_code=rule.account_code,
                 automatic=rule.automatic, reason=f"Taught: {rule.words!r} is {rule.account_code}")
        for line, rule in hits if rule is not None
    ]  # fmt: skip
