"""A number that is new to us is linked to an account: by a code, by the office's yes, and taken off again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.desk.linking import begin_link, tell_office_of_request
from bot.dialog import Answers, Chat, Confirm, Flow, Reject, Text
from bot.flows.parts import said_with_tap
from bot.handlers.linking import MENU, NO_OLD_NUMBER
from bot.texts.reply import Button, Reply, Saying, lines, words
from bot.understanding.folding import normalise
from core.crm.linking import (
    LinkedAlready,
    NoLinkRequest,
    TooManyLinkRequests,
    account_number,
    ask_office,
    unlink,
)
from core.crm.masking import mask_cnic

NOT_A_NUMBER = words("Please write the account number as on your bill, for example C-2001.")


@dataclass(frozen=True)
class AccountNumber(Text):
    """An account number as on the bill; never a name or a CNIC."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        number = account_number(normalise(tapped or chat.message.text))
        if number is None:
            raise Reject(NOT_A_NUMBER)
        return number

    def given(self, chat: Chat) -> Any:
        number = said_with_tap(chat, "link_account") or chat.understood.entities.get("customer_no")
        return account_number(str(number)) if number else None

    def load(self, value: Any) -> Any:
        return account_number(str(value)) or "C-0"


def finish_code(chat: Chat, answers: Answers) -> Reply:
    request = begin_link(
        chat.session, contact_id=chat.speaker.contact_id, wanted=answers.account_no, now=chat.now
    )  # fmt: skip
    return Reply(
        lines(
            words("If *%(number)s* is an account with us, its own numbers have a code now.", number=request.wanted),
            words("Write the six figures here within 10 minutes."),
        ),
        buttons=(NO_OLD_NUMBER, Button(f"flow:link_account:{request.wanted}", words("Send again")), MENU),
    )  # fmt: skip


def too_many(_refusal: TooManyLinkRequests) -> Reply:
    return Reply(words("That was asked too often. Please try again later, or visit our office."), buttons=(MENU,))


def linked_already(_refusal: LinkedAlready) -> Reply:
    return Reply(words("This account is linked to your number already."), buttons=(MENU,))


link = Flow(
    name="link_account",
    intent="",
    permission="chat.link",
    title=words("linking your account"),
    questions=[
        AccountNumber("account_no", lambda *_: words("What is the account number? It is on your bill, such as C-2001."))
    ],
    finish=finish_code,
    refused={TooManyLinkRequests: too_many, LinkedAlready: linked_already},
    needs_account=False,
)


def finish_office(chat: Chat, answers: Answers) -> Reply:
    request = ask_office(
        chat.session, contact_id=chat.speaker.contact_id, note=mask_cnic(answers.who), now=chat.now
    )  # fmt: skip
    tell_office_of_request(chat.session, request=request, now=chat.now)
    return Reply(
        words("Our office will check this and tell you here. They may call you first."), buttons=(MENU,)
    )  # fmt: skip


def nothing_asked(_refusal: NoLinkRequest) -> Reply:
    return Reply(NOT_A_NUMBER, buttons=(Button("flow:link_account", words("Link my account")), MENU))


office = Flow(
    name="link_by_office",
    intent="",
    permission="chat.link",
    title=words("linking your account"),
    questions=[
        Text("who", lambda *_: words("Please write your full name, your address and a phone where we can call you."),
             max_length=500),
    ],
    finish=finish_office,
    refused={NoLinkRequest: nothing_asked},
    needs_account=False,
)  # fmt: skip


def unlink_summary(chat: Chat, _answers: Answers) -> Saying:
    return words(
        "Shall I take account *%(number)s*, %(name)s, off this number? You will see nothing of it here any more.",
        number=chat.account.number, name=chat.account.name,
    )  # fmt: skip


def finish_unlink(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(MENU,))
    unlink(chat.session, contact_id=chat.speaker.contact_id, customer_id=chat.account.customer_id)
    return Reply(
        words("Done. Account %(number)s is not on this number any more.", number=chat.account.number), buttons=(MENU,)
    )


unlinking = Flow(
    name="unlink_account",
    intent="",
    permission="chat.unlink",
    title=words("taking your account off"),
    questions=[Confirm("confirmed", unlink_summary)],
    finish=finish_unlink,
)
