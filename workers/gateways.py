"""The gateways of this process, one per business number, so that their connections live on."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import select

from core.companies import BusinessNumber
from core.db import company_session
from core.ids import Id
from core.messaging.whatsapp import Gateway
from core.settings import Settings
from core.usecases.start_process import process_settings


def gateway_of(company_id: Id, business_number_id: Id) -> Gateway:
    """The gateway of a company's business number."""
    return _gateway(process_settings(), company_id, business_number_id)


@lru_cache(maxsize=4096)
def _gateway(settings: Settings, company_id: Id, business_number_id: Id) -> Gateway:
    with company_session(company_id) as session:
        phone_number_id = session.scalars(
            select(BusinessNumber.phone_number_id).where(BusinessNumber.id == business_number_id)
        ).one()
    return Gateway(
        token=settings.whatsapp_access_token.get_secret_value(),
        phone_number_id=phone_number_id,
        graph_url=settings.graph_url,
        graph_version=settings.graph_version,
        connect_timeout=settings.graph_connect_timeout,
        read_timeout=settings.graph_read_timeout,
    )
