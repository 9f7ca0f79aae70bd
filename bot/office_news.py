"""The day's summary and the alerts, put into words for each manager and owner and queued once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.desk.notices import tell
from bot.handlers.figures import shares
from bot.handlers.office import APPROVALS, METHODS, OUTAGES
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from core.billing.cash_proof_lists import proofs_by_agent
from core.clock import business_day
from core.companies import current_company
from core.staff.alerts import alert_policy, note_summary, office_people
from core.usecases.due_summaries import DueSummary, due_summaries
from core.usecases.figures_of_day import figures_of_day
from core.usecases.figures_of_period import collected_in, complaints_in, lines_in
from core.usecases.find_troubles import Trouble, new_troubles
from core.usecases.owner_figures import cash_position, result_of
from core.usecases.tell_office import contact_of
from core.usecases.waiting_approvals import waiting_approvals

MORE = Button("today_figures", words("Today's figures"))
TICKETS = Button("open_tickets", words("Open tickets"))
SHOWN_MAX = 3
EVERY_LANE = words("All messages")
LANE_NAMES = {
    "urgent": words("Urgent messages"),
    "reply": words("Answers"),
    "notice": words("Notices"),
    "billing": words("Bills and reminders"),
    "bulk": words("Campaigns"),
}
CAUSES = {
    "code": words("Meta refuses them."),
    "quality": words("Meta rates the number's quality red."),
    "account": words("Meta restricts the number or account."),
    "budget": words("The day's budget is used up."),
}
JOBS = {
    "ageing": words("ageing of debts"),
    "ladder": words("reminders"),
    "suspension": words("suspensions"),
    "invoices": words("invoice run"),
    "begin_billing_day": words("invoice run"),
    "check_company_books": words("check of the books"),
    "earn_revenue": words("revenue of the month"),
    "accrue_commissions": words("commissions"),
    "carry_out_proposals": words("steps of recovery"),
    "tell_shortages": words("stock notice"),
    "apply_access": words("connections in the network"),
    "poll_usage_of": words("reading of usage"),
}


def send_summaries(session: Session, *, now: datetime) -> int:
    """Queue every summary that is due, one a person and day whatever is repeated; returns how many.

    Outside the 24 hours it goes as the template `office_notice`.
    """
    sent = 0
    for due in due_summaries(session, now=now):
        if not note_summary(session, staff_id=due.staff_id, day=due.sent_on):
            continue
        reply = Reply(summary_of(session, due, now=now), buttons=(MORE, APPROVALS))
        tell(
            session, contact_id=due.contact_id, reply=reply, dedupe_key=f"summary:{due.staff_id}:{due.sent_on}",
            now=now, template=("office_notice", {"what": reply.body}),
        )  # fmt: skip
        sent += 1
    return sent


def summary_of(session: Session, due: DueSummary, *, now: datetime) -> Saying:
    """Money, complaints and lines of the day; an owner also sees the month's result and where the money lies."""
    day = due.of_day
    money = collected_in(session, first=day, last=day)
    troubles = complaints_in(session, first=day, last=day, now=now)
    state = lines_in(session, first=day, last=day)
    disputed = sum(of_agent.get("disputed", 0) for of_agent in proofs_by_agent(session).values())
    owed = figures_of_day(session, today=business_day(now, current_company(session).timezone))
    return lines(
        words("*Summary of %(day)s*", day=day),
        words("Collected: *%(amount)s* in %(count)s payments", amount=money.total, count=money.payments),
        *shares(money.by_method, METHODS, verbatim("-")),
        words("Overdue: %(amount)s from %(count)s customers", amount=owed.overdue, count=owed.overdue_customers),
        words("Cash in agents' hands: %(amount)s", amount=owed.cash_in_hand),
        words("Complaints: %(new)s new, %(solved)s solved, %(late)s late now", new=troubles.opened,
              solved=troubles.resolved, late=troubles.late_now),
        words("Cash disputed by customers: %(count)s", count=disputed) if disputed else None,
        words("Connections: %(new)s new, %(left)s left, %(cut)s suspended", new=state.started, left=state.ended,
              cut=state.cut),
        words("Outages now: %(count)s", count=state.outages) if state.outages else None,
        words("Waiting for a decision: %(count)s", count=len(waiting_approvals(session, today=day))),
        *(_owners(session, day) if due.role == "owner" else ()),
    )  # fmt: skip


def _owners(session: Session, day: date) -> Sequence[Saying]:
    return (
        words("Profit of the month so far: %(amount)s",
              amount=result_of(session, first=day.replace(day=1), last=day).profit),
        words("Cash and bank: %(amount)s", amount=cash_position(session, as_of=day).total),
    )  # fmt: skip


def send_alerts(
    session: Session, *, failed_events: Sequence[str], now: datetime, failed_jobs: Sequence[tuple[str, datetime]] = ()
) -> int:  # fmt: skip
    """Tell what is new, all of it in one message a person however much it is; returns of how many kinds."""
    news = new_troubles(session, failed_events=failed_events, failed_jobs=failed_jobs, now=now)
    if not news:
        return 0
    zone = ZoneInfo(current_company(session).timezone)
    body = lines(words("*Attention*"), *(_told(kind, troubles, zone) for kind, troubles in news.items()))
    buttons = [button for kind, button in (("outage", OUTAGES), ("sla", TICKETS)) if kind in news]
    first = next(iter(news.values()))[0]
    for person in office_people(session, hearers=alert_policy(session).alerts_to):
        tell(
            session, contact_id=contact_of(session, person), reply=Reply(body, buttons=(*buttons, MORE)), now=now,
            dedupe_key=f"alert:{first.kind}:{first.fact}:{person.id}", template=("office_notice", {"what": body}),
        )  # fmt: skip
    return len(news)


def _told(kind: str, troubles: Sequence[Trouble], zone: ZoneInfo) -> Saying:
    shown = [_LINES[kind](trouble, zone) for trouble in troubles[:SHOWN_MAX]]
    more = len(troubles) - SHOWN_MAX
    return lines(
        _HEADINGS[kind](len(troubles)), *shown, words("… and %(count)s more", count=more) if more > 0 else None
    )  # fmt: skip


def _since(trouble: Trouble, zone: ZoneInfo) -> datetime:
    since = trouble.facts["since"]
    assert isinstance(since, datetime)
    return since.astimezone(zone)


def _night_job(trouble: Trouble, _zone: ZoneInfo) -> Saying:
    return words("• %(what)s of %(day)s", what=JOBS.get(trouble.name, verbatim(trouble.name)),
                 day=date.fromisoformat(str(trouble.facts["day"])))  # fmt: skip


def _refused(trouble: Trouble, _zone: ZoneInfo) -> Saying:
    facts = trouble.facts
    told = _NUMBER_NEWS.get(str(facts["what"]))
    if told is not None:
        return told(trouble)
    if facts["what"] == "template":
        return words("• a template is refused (code %(code)s, %(count)s messages)", code=trouble.name,
                     count=facts["count"])  # fmt: skip
    return words("• the number or account is limited (code %(code)s, %(count)s messages)", code=trouble.name,
                 count=facts["count"])  # fmt: skip


def _held(trouble: Trouble) -> Saying:
    code = trouble.facts["code"]
    return words("• %(lane)s: not sent now. %(why)s", lane=LANE_NAMES.get(str(trouble.facts["lane"]), EVERY_LANE),
                 why=words("Meta's code %(code)s.", code=code) if code else CAUSES[trouble.name])  # fmt: skip


_NUMBER_NEWS: Mapping[str, Callable[[Trouble], Saying]] = {
    "held": _held,
    "quota": lambda trouble: words(
        "• %(count)s messages wait: %(used)s of %(most)s people were reached in 24 hours",
        count=trouble.facts["count"], used=trouble.facts["used"], most=trouble.facts["most"],
    ),
    "budget": lambda trouble: words(
        "• today's budget for messages is used up: %(spent)s of %(budget)s",
        spent=Decimal(str(trouble.facts["spent"])), budget=Decimal(str(trouble.facts["budget"])),
    ),
    "review": lambda trouble: words("• Meta tells of the account: %(what)s", what=trouble.name),
}  # fmt: skip


def _failed(trouble: Trouble, _zone: ZoneInfo) -> Saying:
    return words("• %(count)s messages of ours failed within a day", count=trouble.facts["count"])


_HEADINGS: Mapping[str, Callable[[int], Saying]] = {
    "outage": lambda count: words("⚠ Outages: %(count)s", count=count),
    "cash_limit": lambda count: words("⚠ Cash to hand over, agents over their limit: %(count)s", count=count),
    "inbound": lambda count: words("⚠ Messages that could not be answered: %(count)s", count=count),
    "outbox": lambda _: words("⚠ Messages do not get through"),
    "number": lambda _: words("⚠ WhatsApp refuses messages"),
    "sla": lambda count: words("⚠ Complaints past their time: %(count)s", count=count),
    "night_jobs": lambda count: words("⚠ Jobs that failed: %(count)s", count=count),
}
_LINES: Mapping[str, Callable[[Trouble, ZoneInfo], Saying]] = {
    "outage": lambda trouble, zone: words("• %(what)s since %(since)s", what=trouble.name, since=_since(trouble, zone)),
    "cash_limit": lambda trouble, _: words(
        "• %(who)s: %(amount)s, the oldest %(days)s days", who=trouble.name,
        amount=Decimal(str(trouble.facts["amount"])), days=trouble.facts["days"],
    ),
    "inbound": lambda trouble, _: words("• event %(what)s, see the panel", what=trouble.name),
    "outbox": _failed,
    "number": _refused,
    "sla": lambda trouble, zone: words("• %(what)s since %(since)s", what=trouble.name, since=_since(trouble, zone)),
    "night_jobs": _night_job,
}  # fmt: skip
