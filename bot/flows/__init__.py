"""Every flow, in one visible list."""

from bot.dialog import Flow
from bot.flows import (
    after_ticket,
    assigning,
    cash_words,
    change_plan,
    claim_payment,
    collecting,
    deciding,
    field_parts,
    field_work,
    file_complaint,
    leaving,
    link_account,
    longer_promise,
    new_connection,
    outage_details,
    prepaid,
    promises,
    requests,
)

ALL_FLOWS: dict[str, Flow] = {
    flow.name: flow
    for flow in (
        file_complaint.flow, claim_payment.flow, promises.promise, prepaid.renewal, prepaid.card, change_plan.flow,
        after_ticket.dispute_bill, after_ticket.comment_rating, requests.relocate, requests.wifi_password,
        leaving.disconnect, leaving.pause_line, outage_details.flow, outage_details.opening,
        promises.promise_of_customer, collecting.attempt,
        collecting.cash, collecting.handover, deciding.approve, deciding.refuse,
        cash_words.amount, cash_words.decide,
        *field_work.FLOWS, longer_promise.flow, *field_parts.FLOWS,
        assigning.ticket, assigning.case,
        link_account.link, link_account.office, link_account.unlinking, new_connection.flow,
    )
}  # fmt: skip
