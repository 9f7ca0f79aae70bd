"""A manager gives a ticket to a technician, or a recovery case to another agent; both hear it after the yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Reject
from bot.flows.parts import refused_with
from bot.handlers.names import CATEGORY_NAMES
from bot.handlers.office import FIGURES
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from bot.understanding.transliteration import roman
from core.crm.models import Customer
from core.crm.spoken_names import most_alike, words_of
from core.errors import NotFound
from core.ids import Id
from core.recovery.assignment import AgentUnfit
from core.service_desk.models import Ticket
from core.service_desk.tickets import TicketClosed
from core.usecases.assign_ticket import TechnicianUnfit, assign_ticket, open_tickets, technician_loads
from core.usecases.give_case import OpenCase, agent_loads, give_case, open_cases

TICKETS = Button("open_tickets", words("Open tickets"))
CASES = Button("flow:assign_case", words("Another case"))


@dataclass(frozen=True)
class Named(Choose):
    """One of some people or customers, whom the words may name."""

    names: Any = None
    """Of the options' values, as people say them: a function of the chat."""

    def given(self, chat: Chat) -> Any:
        said = super().given(chat)
        if said is not None or chat.message.action is not None:
            return said
        names: Mapping[str, str] = self.names(chat)
        meant = most_alike(words_of(roman(chat.message.text)), names)
        return meant[0] if len(meant) == 1 else None

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        try:
            return super().read(chat, answers, tapped)
        except Reject:
            named = self.given(chat) if tapped is None else None
            if named is None or all(option.value != named for option in self.options(chat, answers)):
                raise
            return named


def _tickets(chat: Chat) -> Sequence[Ticket]:
    return chat.once("open_tickets", lambda: open_tickets(chat.session))


def _customer(chat: Chat, ticket: Ticket) -> str:
    return chat.once(f"customer:{ticket.customer_id}", lambda: chat.session.get_one(Customer, ticket.customer_id)).name


def _ticket(chat: Chat, number: str | None) -> Ticket | None:
    return next((ticket for ticket in _tickets(chat) if ticket.number == number), None)


def tickets(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [
        Option(ticket.number, verbatim(ticket.number),
               words("%(what)s, %(who)s", what=CATEGORY_NAMES[ticket.category], who=_customer(chat, ticket)))
        for ticket in _tickets(chat)
    ]  # fmt: skip


def technicians(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [
        Option(str(load.staff_id), verbatim(load.name), words("%(count)s open tickets", count=load.open_tickets))
        for load in chat.once("technicians", lambda: technician_loads(chat.session))
    ]


def technician_names(chat: Chat) -> Mapping[str, str]:
    return {str(load.staff_id): load.name for load in technician_loads(chat.session)}


def which_technician(chat: Chat, answers: Answers) -> Saying:
    """With what each has to do, because buttons have no second line."""
    loads = chat.once("technicians", lambda: technician_loads(chat.session))
    return lines(
        words("Who shall have %(ticket)s?", ticket=answers.ticket),
        *(words("• %(who)s: %(count)s open tickets", who=load.name, count=load.open_tickets) for load in loads),
    )


def ticket_summary(chat: Chat, answers: Answers) -> Saying:
    ticket = _ticket(chat, answers.ticket)
    if ticket is None:
        return words("This ticket is not open any more.")
    return words(
        "Give *%(ticket)s* (%(what)s, %(who)s) to *%(technician)s*?", ticket=ticket.number,
        what=CATEGORY_NAMES[ticket.category], who=_customer(chat, ticket),
        technician=technician_names(chat).get(answers.technician, "-"),
    )  # fmt: skip


def give_ticket(chat: Chat, answers: Answers) -> Reply:
    if answers.ticket is None or answers.technician is None:
        return Reply(words("There is no open ticket, or no technician."), buttons=(FIGURES,))
    ticket = _ticket(chat, answers.ticket)
    if ticket is None:
        return Reply(words("This ticket is not open any more."), buttons=(TICKETS, FIGURES))
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(TICKETS, FIGURES))
    assign_ticket(
        chat.session, ticket_id=ticket.id, staff_id=Id(answers.technician), actor=chat.speaker.actor, now=chat.now
    )
    name = technician_names(chat)[answers.technician]
    return Reply(
        words("*%(ticket)s* is with %(technician)s now, who hears it.", ticket=ticket.number, technician=name),
        buttons=(TICKETS, FIGURES),
    )


def _cases(chat: Chat) -> Sequence[OpenCase]:
    return chat.once("open_cases", lambda: open_cases(chat.session))


def _case(chat: Chat, number: str | None) -> OpenCase | None:
    return next((case for case in _cases(chat) if case.number == number), None)


def cases(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [
        Option(case.number, verbatim(case.name), words("%(number)s: %(amount)s", number=case.number,
                                                       amount=case.amount))
        for case in _cases(chat)
    ]  # fmt: skip


def agents(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [
        Option(str(load.staff_id), verbatim(load.name),
               words("%(count)s cases, %(amount)s", count=load.cases, amount=load.amount))
        for load in chat.once("agents", lambda: agent_loads(chat.session))
    ]  # fmt: skip


def agent_names(chat: Chat) -> Mapping[str, str]:
    return {str(load.staff_id): load.name for load in agent_loads(chat.session)}


def case_names(chat: Chat) -> Mapping[str, str]:
    return {case.number: case.name for case in _cases(chat)}


def which_agent(chat: Chat, answers: Answers) -> Saying:
    case = _case(chat, answers.customer)
    loads = chat.once("agents", lambda: agent_loads(chat.session))
    return lines(
        words("Who shall have the case of %(who)s?", who=case.name if case else "-"),
        *(words("• %(who)s: %(count)s cases, %(amount)s", who=load.name, count=load.cases, amount=load.amount)
          for load in loads),
    )  # fmt: skip


def case_summary(chat: Chat, answers: Answers) -> Saying:
    case = _case(chat, answers.customer)
    if case is None:
        return words("This case is not open any more.")
    had = agent_names(chat).get(str(case.agent_id), "-")
    return words(
        "Give the case of *%(who)s* (%(amount)s, now with %(had)s) to *%(agent)s*?", who=case.name, amount=case.amount,
        had=had, agent=agent_names(chat).get(answers.agent, "-"),
    )  # fmt: skip


def finish_case(chat: Chat, answers: Answers) -> Reply:
    case = _case(chat, answers.customer)
    if case is None or answers.agent is None:
        return Reply(words("There is no open case, or no agent."), buttons=(FIGURES,))
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(FIGURES,))
    give_case(chat.session, case_id=case.case_id, agent_id=Id(answers.agent), actor=chat.speaker.actor, now=chat.now)
    return Reply(
        words("The case of *%(who)s* is with %(agent)s now, who hears it.", who=case.name,
              agent=agent_names(chat)[answers.agent]),
        buttons=(CASES, FIGURES),
    )  # fmt: skip


def _has(name: str, read: Any) -> Any:
    """A question is asked only where there is something to choose."""

    def check(chat: Chat, answers: Answers) -> bool:
        return bool(read(chat, answers)) and (not name or answers[name] is not None)

    return check


ticket = Flow(
    name="assign_ticket",
    intent="ticket_assign",
    permission="ticket.write",
    title=words("giving a ticket to somebody"),
    questions=[
        Choose("ticket", lambda *_: words("Which ticket?"), tickets, entity="ticket_no", when=_has("", tickets)),
        Named("technician", which_technician, technicians, names=technician_names, when=_has("ticket", technicians)),
        Confirm("confirmed", ticket_summary, when=lambda _, answers: answers.technician is not None),
    ],
    finish=give_ticket,
    refused=refused_with((TicketClosed, TechnicianUnfit, NotFound), TICKETS, FIGURES),
    needs_account=False,
)
case = Flow(
    name="assign_case",
    intent="case_assign",
    permission="recovery.manage",
    title=words("giving a case to somebody"),
    questions=[
        Named("customer", lambda *_: words("Whose case?"), cases, entity="customer_no", names=case_names,
              when=_has("", cases)),
        Named("agent", which_agent, agents, names=agent_names, when=_has("customer", agents)),
        Confirm("confirmed", case_summary, when=lambda _, answers: answers.agent is not None),
    ],
    finish=finish_case,
    refused=refused_with((AgentUnfit, NotFound), FIGURES),
    needs_account=False,
)  # fmt: skip
