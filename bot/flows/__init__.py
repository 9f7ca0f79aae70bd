"""Every flow, in one visible list."""

from bot.dialog import Flow
from bot.flows import claim_payment, file_complaint

ALL_FLOWS: dict[str, Flow] = {flow.name: flow for flow in (file_complaint.flow, claim_payment.flow)}
