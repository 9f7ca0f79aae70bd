"""The gateways of this process, one per business number, so that their connections live on."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import select

from core.companies import BusinessNumber
from core.db import company_session
from core.ids import Id
from core.messaging.template_guard import TemplateGuard, states_of_company
from core.messaging.whatsapp import Account, Gateway
from core.settings import Settings
from core.usecases.start_process import process_settings


def gateway_of(company_id: Id, business_number_id: Id) -> Gateway:
    """The gateway of a company's business number."""
    return _gateway(process_settings(), company_id, business_number_id)


@lru_cache(maxsize=4096)
def sending_gateway(company_id: Id, business_number_id: Id) -> TemplateGuard:
    """The gateway through which the outbox is sent: no template goes that Meta has not approved."""
    number = _phone_number_id(company_id, business_number_id)
    return TemplateGuard(lambda: states_of_company(company_id), phone_number_id=number, **_access(process_settings()))


@lru_cache(maxsize=1024)
def account_of(waba_id: str) -> Account:
    """The WhatsApp Business Account of that id."""
    return Account(waba_id=waba_id, **_access(process_settings()))


@lru_cache(maxsize=4096)
def _gateway(settings: Settings, company_id: Id, business_number_id: Id) -> Gateway:
    return Gateway(phone_number_id=_phone_number_id(company_id, business_number_id), **_access(settings))


def _phone_number_id(company_id: Id, business_number_id: Id) -> str:
    with company_session(company_id) as session:
        return session.scalars(
            select(BusinessNumber.phone_number_id).where(BusinessNumber.id == business_number_id)
        ).one()


def _access(settings: Settings) -> dict[str, Any]:
    return {
        "token": settings.whatsapp_access_token.get_secret_value(), "graph_url": settings.graph_url,
        "graph_version": settings.graph_version, "connect_timeout": settings.graph_connect_timeout,
        "read_timeout": settings.graph_read_timeout,
    }  # fmt: skip
