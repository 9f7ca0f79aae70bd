"""For the office: the cash that customers dispute or have not confirmed, and one such receipt."""

from __future__ import annotations

from bot.desk.cash import UNCONFIRMED, buttons_of, card
from bot.dialog import ROWS_MAX, Chat
from bot.handlers.office import FIGURES
from bot.handlers.registry import Handler
from bot.texts.reply import Reply, Row, Saying, lines, verbatim, words
from core.billing.cash_proof_lists import ProofRow, proof_row, proof_rows, proofs_by_agent
from core.errors import NotFound

STATES = {
    "waiting": words("no answer yet"),
    "unreachable": words("not on WhatsApp"),
    "disputed": words("disputed"),
    "confirmed": words("confirmed"),
    "settled": words("settled by the office"),
    "ended": words("taken back"),
}


def cash_doubts(chat: Chat, _: str) -> Reply:
    """Disputed receipts first, then the oldest; how many there are in all."""
    rows = proof_rows(chat.session, limit=ROWS_MAX)
    if not rows:
        return Reply(words("Every customer has confirmed the cash he gave."), buttons=(FIGURES,))
    counts = proofs_by_agent(chat.session).values()
    disputed, waiting, unreachable = (
        sum(of_agent.get(state, 0) for of_agent in counts) for state in ("disputed", "waiting", "unreachable")
    )
    body = lines(
        words("Cash that customers have not confirmed:"),
        words("Disputed: %(count)s", count=disputed),
        words("No answer yet: %(count)s", count=waiting),
        words("Not on WhatsApp: %(count)s", count=unreachable),
    )
    listed = tuple(Row(f"cash_doubt:{row.receipt}", verbatim(row.receipt), _line(chat, row)) for row in rows)
    return Reply(body, rows=listed, list_button=words("Choose"))


def _line(chat: Chat, row: ProofRow) -> Saying:
    return words("%(amount)s, %(agent)s, %(days)s days: %(state)s", amount=row.amount, agent=row.agent,
                 days=row.days_old(chat.now), state=STATES[row.proof.state])  # fmt: skip


def cash_doubt(chat: Chat, receipt: str) -> Reply:
    """One receipt with what may be done about it."""
    try:
        row = proof_row(chat.session, receipt=receipt)
    except NotFound:
        return Reply(words("This is not there any more."), buttons=(UNCONFIRMED,))
    state = words("State: %(state)s, %(days)s days old", state=STATES[row.proof.state], days=row.days_old(chat.now))
    return Reply(lines(card(row), state), buttons=buttons_of(row))


HANDLERS = (
    Handler("cash_doubts", (), "payment.view", cash_doubts),
    Handler("cash_doubt", (), "payment.view", cash_doubt),
)
